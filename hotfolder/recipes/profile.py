"""A profile: a checked preset of model, sampling, areas, aspects and refinement."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from hotfolder.errors import Mistake, MistakesError, did_you_mean, mistake
from hotfolder.recipes import encoding, links, recipe, schema, sizes
from hotfolder.recipes.encoding import Encoding, Format, Quality
from hotfolder.recipes.links import Guidance, Link, SchedulerName, Size, Steps, Strength, Texts
from hotfolder.recipes.prompt_syntax.read import Emphasis
from hotfolder.recipes.schedulers import MODEL_OWN

MOST_DRAWN = 16  # together
_LONGEST_NAME = 255  # bytes of a file or folder: what file systems take
_LONGEST_PATH = 1024
MAX_LINKS = recipe.MAX_LINKS
Aspect = Annotated[
    str | Annotated[list[str], Meta(min_length=1)], schema.checked(sizes.aspect_range)
]
Choices = list[str | list[str]]


def model_source(source: str) -> str:
    """`source` if what it names can be where it says; ValueError with a sentence otherwise."""
    kind, colon, name = source.partition(":")
    parts = name.split("/")
    if colon and kind in ("shipped", "hub") and ("\\" in name or {"", ".", ".."} & set(parts)):
        raise ValueError('expected a name after the ":", and no path')
    if kind == "shipped" and colon and len(parts) > 1:
        raise ValueError('expected a name after "shipped:", and no path')
    if "\0" in source:
        raise ValueError("expected a path without NUL")
    long = any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in source.split("/"))
    if long or len(source) > _LONGEST_PATH:
        raise ValueError(f"expected a path of at most {_LONGEST_PATH:,} characters")
    return source


File = Annotated[str, schema.checked(model_source)]
Source = Annotated[str, Meta(min_length=1), schema.checked(model_source)]


class LoraFile(Struct, frozen=True, forbid_unknown_fields=True):
    """An addition that changes a model's manner: a .safetensors file, here or on the hub.

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
    those that do not say whether they begin with pure noise.
    `quantize` rounds the weights of denoiser and text encoders to eight or four bits when they are
    read: "int8" and "fp8" by torchao, "nf4" by bitsandbytes. It changes pictures, so it is a part
    of the model's name in them.

    `loras` work in their order. `embeddings` maps words of a prompt to the .safetensors files that
    say what they mean. `clip_skip` counts as A1111 does: 2 leaves out the text encoder's last
    layer.
    `safety_checker` paints black what the model's own filter does not like.

    `lora_folders` and `embedding_folders` are folders, of which prompts name what lies there;
    `upscaler_folders` are those of upscalers that links of `enlarge` name.

    `detector` is a file (ONNX, or transformers' model.safetensors) that looks for the words of
    retouches which it knows. `eye` is a folder of transformers' with a model (CLIP, SigLIP,
    DINOv2) that looks at drafts for taste.

    `batch` drafts of one size are drawn together, where `hotfolder doctor --measure` says that it
    pays; each picture says so, and is made again alone in a batch of the same size.

    `compile` turns the denoiser into machine code, where `hotfolder doctor --measure` says that it
    pays. The first picture of each size waits for that, for minutes on a CPU. Each picture says so,
    and is made again in that way. Pictures with LoRAs are made without.
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
    vae: str = ""
    prediction_type: Literal["auto", "epsilon", "v_prediction"] = "auto"
    zero_terminal_snr: bool | None = None
    quantize: Literal["", "int8", "fp8", "nf4"] = ""
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


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """Small pictures: their area, the range or list of their aspects, how many for each prompt.

    `format` and `quality` are those of the files: `recipes.encoding` says what they mean.
    """

    area: Size = "800x800"
    aspect: Aspect = "2:3 to 3:2"
    count: Annotated[int, Meta(ge=1, le=100_000)] = 4
    format: Format = "png"
    quality: Quality | None = None

    @property
    def encoding(self) -> Encoding:
        """How a draft's file is written."""
        return encoding.encoding(self.format, self.quality)


class Refine(Struct, frozen=True, forbid_unknown_fields=True):
    """Finals of a picked draft: how many, how large, how far from the draft.

    `strength` may be a list: the first final takes the first, and so on. What is None is as for
    drafts; `steps` is diffusers' argument, of which img2img runs `steps * strength`. `format` and
    `quality` are those of the files. `links` are the chain by which a final is made, if that is
    more than one step of img2img; what a link does not say is as it is said here.
    """

    area: Size = "1000x1000"
    count: Annotated[int, Meta(ge=0, le=1000)] = 3
    strength: Strength | Annotated[list[Strength], Meta(min_length=1)] = 0.5
    steps: Steps | None = None
    guidance_scale: Guidance | None = None
    scheduler: SchedulerName | None = None
    format: Format = "png"
    quality: Quality | None = None
    links: list[Link] = []

    @property
    def finals(self) -> int:
        """How many finals differ: without any img2img there is only one."""
        drawn = any(not link.step for link in self.chain)
        return self.count if drawn else min(self.count, 1)

    @property
    def chain(self) -> list[Link]:
        """The links by which a final is made: one of img2img, if nothing else is said."""
        return self.links or [Link()]

    @property
    def encoding(self) -> Encoding:
        """How a final's file is written."""
        return encoding.encoding(self.format, self.quality)


class Profile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A checked preset. `fixed` and `random` are prompt parts that are added to every prompt.

    `emphasis` is the rule by which `(words:1.2)` count more: as in A1111, as in compel, or not at
    all: brackets are text then.
    """

    model: Model
    description: str = ""
    scheduler: SchedulerName = MODEL_OWN
    steps: Steps = 30
    guidance_scale: Guidance = 7.0
    emphasis: Emphasis = "a1111"
    negative: str = ""
    fixed: Texts = ""
    random: Choices = []
    draft: Draft = Draft()
    refine: Refine = Refine()


_FILES = (".safetensors", ".gguf")
MOST_PARENTS = 20
_REFUSED = "\0refused"  # no key that anybody would write

OWNER_ONLY = frozenset({"model", "description", "extends"})
OWNER_SAYS = (
    "a prompt file cannot choose this; put it into a file in profiles/ and name that file here "
    'with profile = "..."'
)


def resolve(name: str, tables: Mapping[str, Mapping[str, Any]]) -> Profile:
    """The profile `name` of the parsed TOML files `tables`, laid over what it extends.

    Raises MistakesError: an unknown name, a circle of `extends`, and every wrong key at once.
    """
    laid = links.read(_laid_over_parents(name, tables))
    return _runnable(schema.convert(laid, Profile))


def check_links(profile: Profile, tables: Mapping[str, Mapping[str, Any]]) -> Profile:
    """`profile`, if the profiles that its links are drawn with are there, and fit.

    Raises MistakesError that says of each what is wrong.
    """
    mistakes = []
    for number, link in enumerate(profile.refine.links, 1):
        where = f"refine.links {number}.profile"
        try:
            drawn_with = resolve(link.profile, tables) if link.profile else None
        except MistakesError as error:
            says = [f"{m.where}: {m.says}" if m.where else m.says for m in error.mistakes]
            mistakes.append(Mistake(where, "; ".join(says).removeprefix("profile: ")))
            continue
        if drawn_with is not None and (says_ := _too_few(link, drawn_with, profile.refine)):
            mistakes.append(Mistake(f"refine.links {number}.strength", says_))
    if mistakes:
        raise MistakesError(mistakes)
    return profile


def refused(says: str) -> dict[str, Any]:
    """The table of a profile that may not be used; `says` is why, told to whoever names it."""
    return {_REFUSED: says}


def override(profile: Profile, table: Mapping[str, Any]) -> Profile:
    """`profile` with a prompt file's keys laid over it; the model stays the owner's choice.

    Steps that are too few for a refinement are for the drafts alone. Raises MistakesError for wrong
    keys and for the keys that only a profile may set.
    """
    if not table:
        return profile
    forbidden = [Mistake(key, OWNER_SAYS) for key in table if key in OWNER_ONLY]
    allowed = {key: value for key, value in table.items() if key not in OWNER_ONLY}
    try:
        allowed = links.read(allowed)
        laid = schema.convert(schema.merge(msgspec.to_builtins(profile), allowed), Profile)
    except MistakesError as error:
        raise MistakesError([*forbidden, *error.mistakes]) from None
    if forbidden:
        raise MistakesError(forbidden)
    if "refine" not in allowed and _too_weak(laid) is not None:
        laid = replace(laid, refine=replace(laid.refine, steps=profile.steps))
    return _runnable(laid)


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


def _parts(name: str) -> tuple[str, str, str]:
    """A model's name without its revision, the revision, and all that is said after them."""
    stem, *said = re.split("( with(?:out)? | as | in (?=[a-z0-9]+$))", name, maxsplit=1)
    base, _, revision = stem.partition("@")
    return base, revision, "".join(said)


def source_name(source: str) -> str:
    """The name of what lies at `source`, without any path: a hub id, or a file's or folder's."""
    if source.startswith("shipped:") or is_hub_id(source):
        return source.removeprefix("shipped:")
    return (
        PurePath(source.replace("\\", "/")).name.removesuffix(".safetensors").removesuffix(".gguf")
        or "model"
    )


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


def is_hub_id(source: str) -> bool:
    """Whether a model's source reads `owner/name` and is no path."""
    owner, slash, name = source.partition("/")
    plain = not source.startswith((".", "~", "/", "\\")) and not source.lower().endswith(_FILES)
    return bool(slash and owner and name and plain and "/" not in name and "\\" not in source)


def strength(refine: Refine, index: int, link: Link | None = None) -> float:
    """The strength of final number `index` (from 0), in a link: the list goes round."""
    given = refine.strength if link is None or link.strength is None else link.strength
    return given[index % len(given)] if isinstance(given, list) else given


def _laid_over_parents(name: str, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    chain: list[Mapping[str, Any]] = []
    seen: list[str] = []
    while name:
        if name in seen:
            raise mistake("profiles extend each other in a circle: " + " -> ".join([*seen, name]))
        if name not in tables:
            where = "extends" if seen else "profile"
            raise mistake(
                f"there is no profile {name!r}; {did_you_mean(name, tables)}", where, lacks=True
            )
        if isinstance(says := tables[name].get(_REFUSED), str):
            raise mistake(f"the profile {name!r} is not used: {says}")
        if len(seen) == MOST_PARENTS:
            raise mistake(f"more than {MOST_PARENTS} profiles extend one another", "extends")
        seen.append(name)
        chain.append(tables[name])
        parent = tables[name].get("extends", "")
        if not isinstance(parent, str):
            raise mistake("expected the name of a profile in quotes", "extends")
        name = parent
    laid: dict[str, Any] = {}
    for table in reversed(chain):
        laid = schema.merge(laid, table)
    laid.pop("extends", None)
    return laid


def _too_weak(profile: Profile) -> Mistake | None:
    """The first link of which a refinement would run no step at all."""
    refine = profile.refine
    for number, link in enumerate(refine.chain, 1):
        says = "" if link.step or link.profile else _too_few(link, profile, refine)
        if says:
            own = link.strength is not None or link.steps is not None
            return Mistake(f"refine.links {number}.strength" if own else "refine.strength", says)
    return None


def _too_few(link: Link, profile: Profile, refine: Refine) -> str:
    """A sentence if steps times strength of a link drawn with `profile` are no step at all."""
    steps = link_steps(link, profile, refine)
    given = refine.strength if link.strength is None else link.strength
    strengths = given if isinstance(given, list) else [given]
    weak = next((weak for weak in strengths if int(steps * weak) < 1), None)
    if weak is None:
        return ""
    return (
        f"{steps} steps at strength {weak:g} are no step at all; "
        f"expected a strength of at least {math.ceil(100 / steps) / 100:.2f}"
    )


def link_steps(link: Link, profile: Profile, refine: Refine) -> int:
    """How many steps a link has, of which strength times as many run.

    One with a profile of its own has those of that profile; the others those of the refinement.
    """
    if link.profile:
        return link.steps or profile.refine.steps or profile.steps
    return link.steps or refine.steps or profile.steps


def _runnable(profile: Profile) -> Profile:
    if len(profile.refine.links) > MAX_LINKS:
        raise mistake(f"expected at most {MAX_LINKS} links", "refine.links")
    if (wrong := _too_weak(profile)) is not None:
        raise MistakesError([wrong])
    return profile
