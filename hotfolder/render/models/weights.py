"""Where a model's files are, whether they are whole and safe to open, and the opening.

Weights are read from safetensors only: a pickle can run code, and so can a model's own Python.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes.profile import Model, is_hub_id
from hotfolder.render.models import contents, editions, families, header, hub, single_file, split
from hotfolder.render.models.family import Family

SHIPPED = editions.SHIPPED
_UNCLEAR = "v2"  # some of Stable Diffusion 2 predict noise, some velocity
NO_FILTER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def locate(model: Model, base: Path | None) -> Path:
    """The diffusers folder or .safetensors file of `model`; fetches nothing.

    Relative paths start at `base`. Raises ModelMissingError with what to do about it, and
    RenderError for files that we do not open.
    """
    source = model.source
    if source.startswith("shipped:"):
        return _whole(editions.shipped(source), model, base)
    path = (base or Path()) / Path(source).expanduser()
    if path.is_dir():
        return _whole(path, model, base)
    if path.suffix.lower() == header.SAFETENSORS and path.is_file():
        return path
    if path.is_file():
        says = header.misnamed(path)
        raise RenderError(f"model.source: {path.name} is no .safetensors file; {says}")
    if source.startswith("hub:") or is_hub_id(source):
        wanted = hub.sources(model, base)[0]
        found = _cached(wanted)
        return found if wanted.file else _whole(found, model, base)
    raise ModelMissingError(
        f"there is no model at {path}; put its folder or .safetensors file there, "
        "or correct model.source in the profile"
    )


def here(model: Model, base: Path | None) -> Path | None:
    """Where `model` is, or None for one that would have to be fetched first.

    Raises ModelMissingError and RenderError as `locate` does.
    """
    wanted = next(iter(hub.sources(model, base)), None)
    is_model = wanted is not None and not wanted.part and wanted.repository in model.source
    if is_model and wanted is not None and hub.cached(wanted) is None:
        return None
    return locate(model, base)


def lacking(model: Model, base: Path | None) -> tuple[hub.Source, ...]:
    """What of `model` would have to be fetched before it can be used. Raises RenderError."""
    return tuple(one for one in split.sources(model, base) if not _is_whole(one, model))


def _is_whole(source: hub.Source, model: Model) -> bool:
    path = hub.cached(source)
    if path is None or source.file or source.part:
        return path is not None
    try:
        _require_parts(path, model, source.without)
    except ModelMissingError:
        return False
    return not source.safety_checker or _has_weights(path / "safety_checker")


def pipeline_class(folder: Path) -> str:
    """The name of the pipeline that a diffusers folder is for. Raises RenderError."""
    name: str = _index(folder)["_class_name"]
    return name


def family(path: Path) -> Family:
    """The family of the model in a diffusers folder or single file. Raises RenderError."""
    return families.of(pipeline_class(path)) if path.is_dir() else single_file.family(path)[0]


def load(path: Path, model: Model, dtype: Any, base: Path | None = None) -> Any:
    """The pipeline at `path` (see `locate`), in `dtype`, without any content filter.

    Parts that `model` has in files of their own are taken from those.
    """
    _quiet()
    from diffusers import DiffusionPipeline

    from hotfolder.render.models import parts, text_processor

    try:
        chosen = split.chosen(model, path, base)
        folder = split.folder(model, path)
        index = _index(folder)
        if (reader := families.of(index["_class_name"]).tokenizer) not in index:
            raise _without_reader(folder, reader)
        readers = text_processor.readers(folder, index)
        given = _left_out(folder) | text_processor.acceptable(readers, index)
        given |= _autoencoder(model, chosen, folder, base, dtype)
        if path.is_file() and folder.parent == single_file.LAYOUTS:
            given |= single_file.tokenizers(folder)
            _require_autoencoder(path, chosen, given)
        elif not path.is_file():
            given["variant"] = _variant(model, folder)
        if chosen:
            of = families.of(pipeline_class(folder))
            pipe = parts.assemble(of, folder, chosen, dtype, **given)
        else:
            options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
            pipe = DiffusionPipeline.from_pretrained(folder, **options, **given)
        pipe.register_modules(**readers)
        if edition := editions.find(model.source):
            editions.put_back(pipe, edition)
        _set_prediction(pipe, model, path)
        return pipe
    except (RenderError, MemoryError):
        raise
    except Exception as error:
        raise RenderError(f"the model {path.name} cannot be loaded: {error}") from error


def _variant(model: Model, folder: Path) -> str | None:
    """What `model.variant` says. Raises RenderError where `folder` has no such files."""
    if model.variant and not any(folder.glob(f"*/*.{model.variant}*.safetensors")):
        raise RenderError(
            f"model.variant: {folder.name} has no files of the variant {model.variant!r}; "
            "leave it out"
        )
    return model.variant


def _autoencoder(
    model: Model, chosen: Mapping[str, Path], folder: Path, base: Path | None, dtype: Any
) -> dict[str, Any]:
    """The autoencoder that `model` names by a folder, if any. Raises RenderError for a misfit."""
    from hotfolder.render.models import parts

    if not model.vae or "vae" in chosen:
        return {}
    path, vae = autoencoder(model.vae, base, dtype)
    own = parts.shape(_index(folder)["vae"][1], folder / "vae").config
    for key in ("latent_channels", "scaling_factor", "shift_factor"):
        if own.get(key) != vae.config.get(key):
            raise RenderError(
                f"model.vae: {path.name} is not made for this model, whose latents are others "
                f"({key} {own.get(key)}, not {vae.config.get(key)})"
            )
    return {"vae": vae}


def _require_autoencoder(path: Path, chosen: Mapping[str, Path], given: Mapping[str, Any]) -> None:
    if "vae" not in chosen and "vae" not in given:
        raise RenderError(
            f"{path.name} has no autoencoder (VAE) inside; name one that you have below [model]: "
            'vae = "FILE.safetensors"'
        )


def _set_prediction(pipe: Any, model: Model, path: Path) -> None:
    """Have the scheduler take what the denoiser predicts for what it is."""
    told, zero_snr = "", False
    if path.is_file():
        found = contents.of_file(path)
        told, zero_snr = found.prediction, found.zero_snr
        if found.form == _UNCLEAR and not told and model.prediction_type == "auto":
            raise RenderError(
                f"{path.name} is of Stable Diffusion 2 and does not say what it predicts; write "
                'prediction_type = "v_prediction" below [model] for those that learned on pictures '
                'of 768x768, or "epsilon" for those of 512x512'
            )
    if model.prediction_type != "auto":
        told = model.prediction_type
    config = pipe.scheduler.config
    own: dict[str, Any] = {}
    if told and told != config.get("prediction_type"):
        own["prediction_type"] = told
        if told == "v_prediction" and path.is_file():
            own |= {"timestep_spacing": "trailing", "rescale_betas_zero_snr": zero_snr}
    if (wanted := model.zero_terminal_snr) is not None:
        own["rescale_betas_zero_snr"] = wanted
        own |= {"timestep_spacing": "trailing"} if wanted else {}
    if not own:
        return
    if config.get("prediction_type") not in ("epsilon", "v_prediction"):
        key = "prediction_type" if "prediction_type" in own else "zero_terminal_snr"
        raise RenderError(f"model.{key} is for Stable Diffusion 1.x, 2.x and XL; take it out")
    predicts = own.get("prediction_type", config["prediction_type"])
    if own.get("rescale_betas_zero_snr") and predicts == "epsilon":
        raise RenderError(
            "model.zero_terminal_snr is for models that predict velocity: noise cannot be told "
            'from pure noise; write prediction_type = "v_prediction" as well, or take it out'
        )
    pipe.scheduler = type(pipe.scheduler).from_config(config, **own)


def safety_checker(path: Path, dtype: Any) -> dict[str, Any]:
    """The content filter of the model at `path`, and what prepares pictures for it.

    Raises RenderError for a model that brings none along.
    """
    if not (path / "safety_checker").is_dir() or not _has_weights(path / "safety_checker"):
        raise RenderError(
            f"the model {path.name} brings no safety checker along; "
            "take safety_checker out of the profile, or fetch the whole model"
        )
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPImageProcessorPil

    try:
        checker = StableDiffusionSafetyChecker.from_pretrained(
            path / "safety_checker", dtype=dtype, use_safetensors=True, local_files_only=True
        )
        extractor = CLIPImageProcessorPil.from_pretrained(path / "feature_extractor")
    except Exception as error:
        raise RenderError(f"the safety checker of {path.name} cannot be loaded: {error}") from error
    return {"safety_checker": checker, "feature_extractor": extractor}


def autoencoder(source: str, base: Path | None, dtype: Any) -> tuple[Path, Any]:
    """Where the autoencoder at `source` is, and the autoencoder.

    `source` is a folder of diffusers' or a hub id.
    """
    _quiet()
    from diffusers import AutoModel

    path = (base or Path()) / Path(source).expanduser()
    try:
        if not path.is_dir():
            path = _cached(hub.Source(source, part=True))
        for file in path.glob("*.safetensors"):
            header.read(file)
        options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
        return path, AutoModel.from_pretrained(str(path), **options)
    except RenderError:
        raise
    except Exception as error:
        raise RenderError(f"the autoencoder {path.name} cannot be loaded: {error}") from error


def files(path: Path, without: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    """(relative name, path) of everything in a model that decides pixels, sorted by name.

    Of the parts in `without` the weights do not, because they come from elsewhere.
    """
    if path.is_file():
        yield "", path
        return
    if (path / "model_index.json").is_file():
        yield "model_index.json", path / "model_index.json"
    components = _components(path) if (path / "model_index.json").is_file() else [""]
    for component in components:
        inside = path / component
        for file in sorted(inside.rglob("*")):
            if component in without and file.suffix == ".safetensors":
                continue
            if file.suffix in (".safetensors", ".json", ".txt", ".model") and file.is_file():
                yield file.relative_to(path).as_posix(), file


def _whole(folder: Path, model: Model, base: Path | None) -> Path:
    """`folder` if it is a diffusers model with all its weights as safetensors."""
    without = (
        tuple(split.chosen(model, folder, base)) if (folder / "model_index.json").is_file() else ()
    )
    _require_parts(folder, model, without)
    for component in _components(folder):
        if component in without:
            continue
        _require_unpacked(folder / component)
        for file in (folder / component).glob("*.safetensors"):
            header.read(file)
    return folder


def _require_parts(folder: Path, model: Model, without: Collection[str]) -> None:
    """Raise ModelMissingError where a part of a diffusers model is not in its `folder`.

    The parts in `without` need no weights there.
    """
    if not (folder / "model_index.json").is_file():
        raise ModelMissingError(
            f"there is no model at {folder}: a diffusers folder has a model_index.json; "
            "correct model.source in the profile"
        )
    index = _index(folder)
    family = families.of(index["_class_name"])
    reader = family.tokenizer
    if index.get(reader) == [None, None] and not family.spares_reader:
        raise _without_reader(folder, reader)
    for component in _components(folder):
        inside = folder / component
        if any(inside.glob("*.py")):
            raise RenderError(f"the model {folder.name} brings Python code along; it is never run")
        needs_weights = (inside / "config.json").is_file() and component not in without
        if not inside.is_dir() or (needs_weights and not _has_weights(inside)):
            raise ModelMissingError(
                f"the model {model.source} is not whole: {component}/ has no whole .safetensors "
                "weights; download it again (pickled .bin and .ckpt weights are never opened)"
            )


def _without_reader(folder: Path, reader: str) -> RenderError:
    return RenderError(
        f"the model {folder.name} comes without its {reader}, and the text encoder beside it: "
        "its makers leave that to another repository; take a copy of the model that has both"
    )


def _require_unpacked(component: Path) -> None:
    """Raise RenderError for a part whose weights somebody has stored in few bits."""
    config = component / "config.json"
    try:
        told = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    except ValueError as error:
        raise RenderError(f"{config} cannot be read: {error}") from error
    if how := told.get("quantization_config"):
        method = how.get("quant_method") or "another program"
        raise RenderError(
            f"the model {component.parent.name} holds its {component.name}/ in few bits of "
            f"{method}, which are not read here; take the plain model and write "
            'quantize = "nf4" or "int8" below [model]'
        )


def _has_weights(component: Path) -> bool:
    """Whether a component's weights are here, with all their parts if they come in several."""
    indexes = list(component.glob("*.safetensors.index*.json"))
    if not indexes:
        return any(component.glob("*.safetensors"))
    maps = [json.loads(index.read_text(encoding="utf-8"))["weight_map"] for index in indexes]
    return any(all((component / part).is_file() for part in set(map_.values())) for map_ in maps)


def _components(folder: Path) -> list[str]:
    """The subfolders that the pipeline is made of, sorted; without a content filter."""
    index = _index(folder)
    needless = {*NO_FILTER, *families.unused(index["_class_name"])}
    return sorted(
        name for name, value in index.items() if is_component(value) and name not in needless
    )


def is_component(value: Any) -> bool:
    """Whether an entry of a model_index.json names a part: its library and class.

    Some pipelines have lists of numbers there, and parts that are absent are two nulls.
    """
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RenderError(f"{folder / 'model_index.json'} cannot be read: {error}") from error
    if not isinstance(index, dict) or not isinstance(index.get("_class_name"), str):
        raise RenderError(f"the model {folder.name} names no pipeline of diffusers")
    return index


def _left_out(folder: Path) -> dict[str, Any]:
    """What from_pretrained has to be told to do without: absent components, the content filter."""
    index = _index(folder)
    absent = dict.fromkeys(name for name, value in index.items() if value == [None, None])
    absent |= {name: None for name in families.unused(index["_class_name"]) if name in index}
    return {**absent, **NO_FILTER} if "safety_checker" in index else absent


def _cached(source: hub.Source) -> Path:
    """Where something of the hub's is on this computer. Raises ModelMissingError."""
    found = hub.cached(source)
    if found is None:
        raise split.not_here(source)
    return found


def _quiet() -> None:
    """Keep progress bars and warnings for programmers off the screen; failures still raise."""
    import diffusers.utils.logging
    import transformers.utils.logging

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.set_verbosity(logging.CRITICAL)
        library.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="diffusers")
    # LoRAs are many and never melted into weights; compiled programs are kept by their own names.
    warnings.filterwarnings("ignore", module="peft.tuners")
    warnings.filterwarnings("ignore", message=".*_stable_hash_for_caching")
