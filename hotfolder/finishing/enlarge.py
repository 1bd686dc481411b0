"""A picture enlarged: by Lanczos, or by an upscaler of the owner's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("pillow",)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Each side becomes `factor` times as long. `upscaler` is the name of a file of the owner's."""

    factor: Annotated[float, Meta(gt=1, le=8)] = 2.0
    upscaler: Annotated[str, Meta(max_length=256)] = ""


def sides(settings: Settings, size: tuple[int, int]) -> tuple[int, int]:
    """The sides in px, rounded."""
    return round(size[0] * settings.factor), round(size[1] * settings.factor)


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The larger picture. What an upscaler makes is brought to the size that was asked for."""
    from PIL.Image import Resampling

    larger = given.upscale(settings.upscaler, image) if settings.upscaler else image
    size = sides(settings, image.size)
    return larger if larger.size == size else larger.resize(size, Resampling.LANCZOS)
