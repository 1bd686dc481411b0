"""A model of the owner's: where its weights are, what they need, and the name pictures carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from hotfolder.recipes import recipe, schema, sources, step_caches
from hotfolder.recipes.sources import is_hub_id, source_name

MOST_DRAWN = 16  # together

File = Annotated[str, schema.checked(sources.check)]
Source = Annotated[str, Meta(min_length=1), schema.checked(sources.check)]


class LoraFile(Struct, frozen=True, forbid_unknown_fields=True):
    """An addition that changes a model's style: a .safetensors file, here or on the hub.

    `name` is what pictures carry; by default it is the file's.
    """

    source: Source
    scale: Annotated[float, Meta(ge=-10, le=10)] = 1.0
    name: str = ""


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the owner's weights are, and what they need.

    `source` is `shipped:NAME`, a hub id (`owner/name`), one file of a hub repository
    (`hub:owner/name/FILE.safetensors`), a diffusers folder or a .safetensors file.
    A picture's sides are rendered at multiples of `multiple` px. `name` is what pictures carry;
    by default it is derived from the source, without any path.

    `transformer` (a UNet as well), `text_encoder` and `vae` are files that take the place of the
    parts of `source`, as other programs keep them: .safetensors or, for a denoiser, .gguf, here or
    on the hub; a `vae` may be a folder or a hub id, too. What they replace is not fetched.
    `prediction_type` is for files that do not say what they predict, and `zero_terminal_snr` for
    those that do not say whether they start from pure noise.
    `step_cache` has steps guessed from the ones before, where a family's denoiser allows it:
    "first-block", with the change above which everything is computed (0.1), or "taylor", with how
    often a step is computed (3: every third). It changes pictures, so it is a part of the name as
    well. `quantize` rounds the weights of denoiser and text encoders to eight or four bits when
    they are read: "int8" and "fp8" by torchao, "nf4" by bitsandbytes. It changes pictures, so it is
    a part of the model's name in them.

    `loras` work in their order. `embeddings` maps words of a prompt to the .safetensors files that
    say what they mean. `clip_skip` counts as A1111 does: 2 leaves out the text encoder's last
    layer.
    `safety_checker` blacks out pictures that the model's own filter rejects.

    `lora_folders` and `embedding_folders` are folders; prompts name what is in them.
    `upscaler_folders` are folders of upscalers that `enlarge` links name.

    `detector` is a file (ONNX, or transformers' model.safetensors) that finds the words of
    retouches that it knows. `eye` is a transformers folder with a model (CLIP, SigLIP, DINOv2)
    that looks at drafts for taste.

    `batch` drafts of one size are drawn together; `hotfolder doctor --measure` says whether that
    pays. Each picture says so, and is made again alone in a batch of the same size.

    `compile` compiles the denoiser to machine code; `hotfolder doctor --measure` says whether that
    pays. The first picture of each size waits for it, for minutes on a CPU. Each picture says so,
    and is made again in that way. Pictures with LoRAs are made without it.
    """

    source: Source
    name: str = ""
    revision: str | None = None
    variant: str | None = None
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    multiple: Annotated[int, Meta(ge=1, le=256)] = 8
    loras: list[LoraFile] = []
    transformer: File = ""
    text_encoder: File | Annotated[list[File], Meta(min_length=1)] = ""
    vae: File = ""
    prediction_type: Literal["auto", "epsilon", "v_prediction"] = "auto"
    zero_terminal_snr: bool | None = None
    quantize: Literal["", "int8", "fp8", "nf4"] = ""
    step_cache: Annotated[str, schema.checked(step_caches.check)] = ""
    embeddings: dict[str, str] = {}
    lora_folders: list[str] = []
    embedding_folders: list[str] = []
    upscaler_folders: list[str] = []
    detector: str = ""
    eye: str = ""
    clip_skip: Annotated[int, Meta(ge=1, le=12)] = 1
    safety_checker: bool = False
    batch: Annotated[int, Meta(ge=1, le=MOST_DRAWN)] = 1
    compile: bool = False


def model_name(model: Model) -> str:
    """The name that pictures carry of a model: never a path. Another autoencoder is part of it."""
    name = model.name or source_name(model.source)
    if model.revision and not model.name:
        name = f"{name}@{model.revision}"
    parts = [
        source_name(one) for one in (model.transformer, *text_encoders(model), model.vae) if one
    ]
    name += f" with {', '.join(parts)}" if parts else ""
    name += f" as {model.prediction_type}" if model.prediction_type != "auto" else ""
    if model.zero_terminal_snr is not None:
        name += f" with{'' if model.zero_terminal_snr else 'out'} zero terminal SNR"
    name += f" with step cache {step_caches.name(model.step_cache)}" if model.step_cache else ""
    return f"{name} in {model.quantize}" if model.quantize else name


def text_encoders(model: Model) -> tuple[str, ...]:
    """The files of text encoders that `model` names."""
    given = model.text_encoder
    return tuple(given) if isinstance(given, list) else (given,) if given else ()


def at_revision(name: str, revision: str) -> str:
    """The name that pictures carry of the model `name` at another revision of its repository."""
    base, _, said = _parts(name)
    return f"{base}@{revision}{said}"


def at_other_revision(name: str, models: Mapping[str, Model]) -> Model | None:
    """The model that one of `models`, by their names, is at the revision that `name` says.

    So a profile that pins another revision still knows the model of its old pictures.
    """
    base, revision, said = _parts(name)
    for other, model in models.items():
        on_hub = model.source.startswith("hub:") or is_hub_id(model.source)
        if on_hub and _parts(other)[::2] == (base, said):
            return replace(model, revision=revision or None)
    return None


def at_other_step_cache(name: str, models: Mapping[str, Model]) -> Model | None:
    """The model that one of `models`, by their names, is with the step cache that `name` says.

    So pictures from before or after a change of that key are made again as they were.
    """
    plain, said = _without_step_cache(name)
    for other, model in models.items():
        if _without_step_cache(other)[0] == plain:
            return replace(model, step_cache=said)
    return None


def _without_step_cache(name: str) -> tuple[str, str]:
    """A model's name without its step cache, and that; both as they are where it is none."""
    found = re.fullmatch(r"(.*) with step cache ([a-z-]+ [0-9.]+)( in [a-z0-9]+)?", name)
    try:
        return (f"{found[1]}{found[3] or ''}", step_caches.check(found[2])) if found else (name, "")
    except ValueError:
        return name, ""


def _parts(name: str) -> tuple[str, str, str]:
    """A model's name without its revision, the revision, and all that is said after them."""
    stem, *said = re.split("( with(?:out)? | as | in (?=[a-z0-9]+$))", name, maxsplit=1)
    base, _, revision = stem.partition("@")
    return base, revision, "".join(said)


def lora_name(lora: LoraFile) -> str:
    """The name that pictures carry of a LoRA."""
    return lora.name or source_name(lora.source)


def additions(model: Model) -> dict[str, Any]:
    """The fields of a recipe that say what `model` is given besides its own weights."""
    return {
        "loras": tuple(recipe.Lora(lora_name(lora), lora.scale) for lora in model.loras),
        "embeddings": tuple(sorted(model.embeddings)),
        "clip_skip": model.clip_skip,
        "safety_checker": model.safety_checker,
    }


def together(model: Model, other: Model) -> Model:
    """`model` with all that `other` has or does as well: LoRAs, embeddings, the larger batch, ...

    So that profiles which add different things to the same weights share them in memory.
    """
    known = {lora_name(lora) for lora in model.loras}
    more = [lora for lora in other.loras if lora_name(lora) not in known]
    return replace(
        model,
        loras=[*model.loras, *more],
        embeddings={**other.embeddings, **model.embeddings},
        lora_folders=list(dict.fromkeys([*model.lora_folders, *other.lora_folders])),
        embedding_folders=list(dict.fromkeys([*model.embedding_folders, *other.embedding_folders])),
        upscaler_folders=list(dict.fromkeys([*model.upscaler_folders, *other.upscaler_folders])),
        safety_checker=model.safety_checker or other.safety_checker,
        batch=max(model.batch, other.batch),
        compile=model.compile or other.compile,
    )
