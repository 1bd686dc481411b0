"""A model in a folder of diffusers': its parts, and whether all are there and safe to open."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes.model import Model
from hotfolder.render.models import families, header, split

NO_FILTER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def pipeline_class(folder: Path) -> str:
    """The name of the pipeline that a diffusers folder is for. Raises RenderError."""
    name: str = read_index(folder)["_class_name"]
    return name


def whole(folder: Path, model: Model, base: Path | None) -> Path:
    """`folder` if it is a diffusers model with all its weights as safetensors.

    Raises ModelMissingError and RenderError.
    """
    without = (
        tuple(split.chosen(model, folder, base)) if (folder / "model_index.json").is_file() else ()
    )
    require_parts(folder, model, without)
    for component in _components(folder):
        if component in without:
            continue
        _require_unpacked(folder / component)
        for file in (folder / component).glob("*.safetensors"):
            header.read(file)
    return folder


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


def read_index(folder: Path) -> dict[str, Any]:
    """What a folder's model_index.json says of each part. Raises RenderError."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RenderError(f"{folder / 'model_index.json'} cannot be read: {error}") from error
    if not isinstance(index, dict) or not isinstance(index.get("_class_name"), str):
        raise RenderError(f"the model {folder.name} names no pipeline of diffusers")
    return index


def left_out(folder: Path) -> dict[str, Any]:
    """What from_pretrained has to be told to do without: absent components, the content filter."""
    index = read_index(folder)
    absent = dict.fromkeys(name for name, value in index.items() if value == [None, None])
    absent |= {name: None for name in families.unused(index["_class_name"]) if name in index}
    return {**absent, **NO_FILTER} if "safety_checker" in index else absent


def _components(folder: Path) -> list[str]:
    """The subfolders that the pipeline is made of, sorted; without a content filter."""
    index = read_index(folder)
    needless = {*NO_FILTER, *families.unused(index["_class_name"])}
    return sorted(
        name for name, value in index.items() if _is_component(value) and name not in needless
    )


def _is_component(value: Any) -> bool:
    """Whether an entry of a model_index.json names a part: its library and class.

    Some pipelines have lists of numbers there, and parts that are absent are two nulls.
    """
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def require_parts(folder: Path, model: Model, without: Collection[str]) -> None:
    """Raise ModelMissingError where a part of a diffusers model is not in its `folder`.

    The parts in `without` need no weights there.
    """
    if not (folder / "model_index.json").is_file():
        raise ModelMissingError(
            f"there is no model at {folder}: a diffusers folder has a model_index.json; "
            "correct model.source in the profile"
        )
    index = read_index(folder)
    family = families.of(index["_class_name"])
    reader = family.tokenizer
    if index.get(reader) == [None, None] and not family.spares_reader:
        raise without_reader(folder, reader)
    for component in _components(folder):
        inside = folder / component
        if any(inside.glob("*.py")):
            raise RenderError(f"the model {folder.name} contains Python code, which is never run")
        needs_weights = (inside / "config.json").is_file() and component not in without
        if not inside.is_dir() or (needs_weights and not has_weights(inside)):
            raise ModelMissingError(
                f"the model {model.source} is incomplete: {component}/ lacks complete .safetensors "
                "weights; download it again (pickled .bin and .ckpt weights are never opened)"
            )


def without_reader(folder: Path, reader: str) -> RenderError:
    """What is said of a folder that lacks what reads prompts: its tokenizer."""
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
            f"the model {component.parent.name} stores its {component.name}/ quantised by "
            f"{method}, which is not supported here; use the plain model and write "
            'quantize = "nf4" or "int8" under [model]'
        )


def has_weights(component: Path) -> bool:
    """Whether a component's weights are here, with all their parts if they come in several."""
    indexes = list(component.glob("*.safetensors.index*.json"))
    if not indexes:
        return any(component.glob("*.safetensors"))
    maps = [json.loads(index.read_text(encoding="utf-8"))["weight_map"] for index in indexes]
    return any(all((component / part).is_file() for part in set(map_.values())) for map_ in maps)
