"""The middle of a picture at an exact size, enlarged or reduced as far as that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("pillow",)
_NEAR = 1.02  # times the size: a picture that is no larger loses its rim, and stays sharp
Side = Annotated[int, Meta(ge=16, le=16_384)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`width` and `height` are in px; `turn` swaps them for a picture in portrait format.

    Or for one in landscape format, if the size is a portrait one.
    """

    width: Side
    height: Side
    turn: bool = False


def sides(settings: Settings, size: tuple[int, int]) -> tuple[int, int]:
    """The size that was asked for, turned if it may be."""
    wanted = (settings.width, settings.height)
    is_other = (size[0] > size[1]) != (wanted[0] > wanted[1]) and size[0] != size[1]
    return (wanted[1], wanted[0]) if settings.turn and is_other else wanted


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The largest middle of the picture in this shape, at this size, by Lanczos if need be."""
    from PIL.Image import Resampling

    width, height = sides(settings, image.size)
    scale = min(image.width / width, image.height / height)
    if 1 <= scale <= _NEAR:
        left, top = (image.width - width) // 2, (image.height - height) // 2
        return image.crop((left, top, left + width, top + height))
    left_px = max(0.0, (image.width - width * scale) / 2)
    top_px = max(0.0, (image.height - height * scale) / 2)
    box = (left_px, top_px, image.width - left_px, image.height - top_px)
    return image.resize((width, height), Resampling.LANCZOS, box=box)
