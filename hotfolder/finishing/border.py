"""A border of one colour around a picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("pillow",)


def colour(text: str) -> str:
    """`text` if it is a colour; ValueError with a sentence otherwise."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValueError('expected a colour like "#ffffff"')
    return text


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`width` is a share of the picture's shorter side; `colour` is in hex digits."""

    width: Annotated[float, Meta(gt=0, le=1)] = 0.05
    colour: Annotated[str, Meta(max_length=7, extra={"check": colour})] = "#ffffff"


def sides(settings: Settings, size: tuple[int, int]) -> tuple[int, int]:
    """The picture's sides with the border on both ends of each."""
    width = _px(settings, size)
    return size[0] + 2 * width, size[1] + 2 * width


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture within its border."""
    from PIL.ImageOps import expand

    return expand(image, _px(settings, image.size), colour(settings.colour))


def _px(settings: Settings, size: tuple[int, int]) -> int:
    return max(1, round(settings.width * min(size)))
