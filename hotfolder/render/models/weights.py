"""Where a model's files are, whether they are whole and safe to open, and the opening.

Weights are read from safetensors only: a pickle can run code, and so can a model's own Python.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes.profile import Model, is_hub_id
from hotfolder.render.models import editions, families, hub, safetensors_file, single_file
from hotfolder.render.models.family import Family
from hotfolder.render.models.safetensors_file import PICKLED

SHIPPED = editions.SHIPPED
SMALL_LATENT = 4  # channels of the latents of Stable Diffusion 1.x, 2.x and XL
NO_FILTER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def locate(model: Model, base: Path | None) -> Path:
    """The diffusers folder or .safetensors file of `model`; fetches nothing.

    Relative paths start at `base`. Raises ModelMissingError with what to do about it, and
    RenderError for files that we do not open.
    """
    source = model.source
    if source.startswith("shipped:"):
        return _whole(editions.shipped(source), model)
    path = (base or Path()) / Path(source).expanduser()
    if path.is_dir():
        return _whole(path, model)
    if path.suffix == ".safetensors" and path.is_file():
        return path
    if path.is_file():
        raise RenderError(f"model.source: {path.name} is no .safetensors file; {PICKLED}")
    if source.startswith("hub:") or is_hub_id(source):
        wanted = hub.sources(model, base)[0]
        found = hub.cached(wanted)
        if found is None:
            raise _not_here(wanted)
        return found if wanted.file else _whole(found, model)
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
    return tuple(source for source in hub.sources(model, base) if not _is_whole(source, model))


def _is_whole(source: hub.Source, model: Model) -> bool:
    path = hub.cached(source)
    if path is None or source.file or source.part:
        return path is not None
    try:
        _require_parts(path, model)
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


def locate_file(source: str, base: Path | None, key: str) -> Path:
    """The .safetensors file at `source`: a path from `base`, or `hub:owner/name/FILE.safetensors`.

    Raises ModelMissingError and RenderError with a sentence that names the profile's `key`.
    """
    if source.startswith("hub:"):
        return _cached(hub.file_source(source))
    path = (base or Path()) / Path(source).expanduser()
    if path.suffix != ".safetensors":
        raise RenderError(f"{key}: {path.name} is no .safetensors file; {PICKLED}")
    if not path.is_file():
        raise ModelMissingError(f"{key}: there is no file {path}")
    return path


def load(path: Path, model: Model, dtype: Any) -> Any:
    """The pipeline at `path` (see `locate`), in `dtype`, without any content filter."""
    _quiet()
    from diffusers import DiffusionPipeline

    from hotfolder.render.models import text_processor

    try:
        if path.is_file():
            return single_file.load(path, dtype, hub.offline())
        index = _index(path)
        readers = text_processor.readers(path, index)
        pipe = DiffusionPipeline.from_pretrained(
            path,
            dtype=dtype,
            use_safetensors=True,
            variant=model.variant,
            local_files_only=True,
            **_left_out(path),
            **text_processor.acceptable(readers, index),
        )
        pipe.register_modules(**readers)
        if edition := editions.find(model.source):
            editions.put_back(pipe, edition)
        return pipe
    except (RenderError, MemoryError):
        raise
    except OSError as error:
        if not path.is_file():
            raise RenderError(f"the model {path.name} cannot be loaded: {error}") from error
        raise ModelMissingError(
            f"{path.name} has the weights alone, and of no model whose shape is included; the "
            f"small files with its shape are fetched once, and that failed ({_root(error)})"
        ) from error
    except Exception as error:
        raise RenderError(f"the model {path.name} cannot be loaded: {error}") from error


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

    `source` is a folder of diffusers', a hub id, a .safetensors file, or one of the hub.
    """
    _quiet()
    from diffusers import AutoencoderKL, AutoModel

    path = (base or Path()) / Path(source).expanduser()
    try:
        if path.is_dir():
            for file in path.glob("*.safetensors"):
                safetensors_file.shapes(file)
            vae = AutoModel.from_pretrained(
                str(path), dtype=dtype, use_safetensors=True, local_files_only=True
            )
            return path, vae
        if is_hub_id(source) and not path.exists():
            path = _cached(hub.Source(source, part=True))
            return path, AutoModel.from_pretrained(str(path), dtype=dtype, use_safetensors=True)
        path = locate_file(source, base, "model.vae")
        width = safetensors_file.shapes(path).get("decoder.conv_in.weight", [0, 0])[1]
        if width != SMALL_LATENT:
            raise RenderError(
                f"{path.name} is no autoencoder of Stable Diffusion's in one file; "
                "only its diffusers folder can be used"
            )
        layout = single_file.LAYOUTS / "sd15" / "vae"
        return path, AutoencoderKL.from_single_file(
            str(path), config=str(layout), dtype=dtype, local_files_only=True
        )
    except RenderError:
        raise
    except Exception as error:
        raise RenderError(f"the autoencoder {path.name} cannot be loaded: {error}") from error


def files(path: Path) -> Iterator[tuple[str, Path]]:
    """(relative name, path) of everything in a model that decides pixels, sorted by name."""
    if path.is_file():
        yield "", path
        return
    if (path / "model_index.json").is_file():
        yield "model_index.json", path / "model_index.json"
    components = _components(path) if (path / "model_index.json").is_file() else [""]
    for component in components:
        inside = path / component
        for file in sorted(inside.rglob("*")):
            if file.suffix in (".safetensors", ".json", ".txt", ".model") and file.is_file():
                yield file.relative_to(path).as_posix(), file


def _whole(folder: Path, model: Model) -> Path:
    """`folder` if it is a diffusers model with all its weights as safetensors."""
    _require_parts(folder, model)
    for component in _components(folder):
        for file in (folder / component).glob("*.safetensors"):
            safetensors_file.shapes(file)
    return folder


def _require_parts(folder: Path, model: Model) -> None:
    """Raise ModelMissingError where a part of a diffusers model is not in its `folder`."""
    if not (folder / "model_index.json").is_file():
        raise ModelMissingError(
            f"there is no model at {folder}: a diffusers folder has a model_index.json; "
            "correct model.source in the profile"
        )
    for component in _components(folder):
        inside = folder / component
        if any(inside.glob("*.py")):
            raise RenderError(f"the model {folder.name} brings Python code along; it is never run")
        needs_weights = (inside / "config.json").is_file()
        if not inside.is_dir() or (needs_weights and not _has_weights(inside)):
            raise ModelMissingError(
                f"the model {model.source} is not whole: {component}/ has no whole .safetensors "
                "weights; download it again (pickled .bin and .ckpt weights are never opened)"
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
    except (OSError, ValueError) as error:
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
        raise _not_here(source)
    return found


def _root(error: BaseException) -> str:
    """The first line of what was wrong at the bottom of a chain of errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0]


def _not_here(source: hub.Source) -> ModelMissingError:
    return ModelMissingError(
        f"the model {source} is not on this computer; `hotfolder fetch PROFILE` fetches it, or set "
        "model.source in the profile to a folder that you have"
    )


def _quiet() -> None:
    """Keep progress bars and advice for programmers off the screen; failures still raise.

    Called before the pipelines are imported: transformers has advice at that moment already.
    """
    import diffusers.utils.logging
    import transformers.utils.logging

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.set_verbosity_error()
        library.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="diffusers")
