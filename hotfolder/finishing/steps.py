"""All steps of this package by their names: their settings, their sides, and how they are done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hotfolder import finishing
from hotfolder.errors import RenderError, did_you_mean
from hotfolder.finishing.given import Given
from hotfolder.modules import modules_of

if TYPE_CHECKING:
    from PIL.Image import Image

Values = Mapping[str, Any]
Size = tuple[int, int]
MAX_AREA_PX = 50_000_000
MAX_SIDE_PX = 16_384


def names() -> tuple[str, ...]:
    """The names that profiles know steps by."""
    return tuple(_steps())


def settings_of(name: str) -> type[Struct] | None:
    """The shape of a step's settings; None where there is no such step."""
    step = _steps().get(name)
    return step.Settings if step else None


def sides(name: str, settings: Values, size: Size) -> Size:
    """(width, height) in px of what a step makes of a picture of `size`; RenderError as `apply`."""
    step = _step(name)
    if not hasattr(step, "sides"):
        return size
    width, height = step.sides(_converted(step, name, settings), size)
    return width, height


def apply(steps: Iterable[tuple[str, Values]], image: Image, given: Given) -> Image:
    """What these steps, by names and settings, make of a picture: RGB, exactly as `sides` says.

    Raises RenderError for a step that is not here, for settings that it does not have, and for
    what would become too large.
    """
    for number, (name, settings) in enumerate(steps):
        size = sides(name, settings, image.size)
        if size[0] * size[1] > MAX_AREA_PX or max(size) > MAX_SIDE_PX:
            says = (
                f"{name} would make {size[0]}x{size[1]} of it; {MAX_AREA_PX:,} pixels are the most"
            )
            raise RenderError(says)
        step = _step(name)
        digest = hashlib.sha256(f"{given.seed} {name} {number}".encode()).digest()
        own = replace(given, seed=int.from_bytes(digest[:4], "big"))
        try:
            image = step.apply(image, _converted(step, name, settings), own)
        except ValueError as error:
            raise RenderError(f"{name} cannot be done: {error}") from error
        if image.mode != "RGB" or image.size != size:
            raise RenderError(f"{name} made no RGB picture of {size[0]}x{size[1]}")
    return image


def words(name: str, settings: Values) -> str:
    """A step for people to read: its name, and what it was told, in the order of its settings."""
    shape = settings_of(name)
    order = list(shape.__struct_fields__) if shape else sorted(settings)
    told = ((key, settings[key]) for key in order if key in settings)
    said = ", ".join(_said(key, value) for key, value in told if value not in ("", False))
    return f"{name} ({said})" if said else name


def versions(names: Iterable[str]) -> dict[str, str]:
    """Names and versions of the libraries that decide what these steps make of pixels."""
    known = (_steps().get(name) for name in names)
    libraries = {library for step in known if step for library in step.LIBRARIES}
    return {library: version(library) for library in sorted(libraries)}


def _said(key: str, value: Any) -> str:
    if value is True:
        return key
    return f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"


@cache
def _steps() -> Mapping[str, ModuleType]:
    found = modules_of(finishing).items()
    return {name.replace("_", "-"): module for name, module in found if _is_step(module)}


def _is_step(module: ModuleType) -> bool:
    return hasattr(module, "Settings")


def _step(name: str) -> ModuleType:
    if name not in _steps():
        raise RenderError(f"there is no step {name[:80]!r} here; {did_you_mean(name, _steps())}")
    return _steps()[name]


def _converted(step: ModuleType, name: str, settings: Values) -> Any:
    try:
        return msgspec.convert(dict(settings), step.Settings)
    except msgspec.ValidationError as error:
        raise RenderError(f"{name} cannot be done: {error}") from None
