"""All measures of a picture, as kinds of features."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from hotfolder.images import measures
from hotfolder.images.composition import canvas
from hotfolder.modules import modules_of
from hotfolder.taste.features import pack

if TYPE_CHECKING:
    from PIL.Image import Image


def features(image: Image) -> dict[str, bytes]:
    """What is measured of an RGB picture, packed, by kind and version."""
    small = canvas.of(image)
    return {name: pack(kind.measure(small)) for name, kind in _kinds().items()}


def named() -> dict[str, tuple[str, ...]]:
    """What the first numbers of each kind are called."""
    return {name: tuple(kind.NAMED) for name, kind in _kinds().items()}


@cache
def _kinds() -> dict[str, ModuleType]:
    return {f"pixels.{name} {kind.VERSION}": kind for name, kind in modules_of(measures).items()}
