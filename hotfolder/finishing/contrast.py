"""Light and dark further apart, by a curve that keeps black, middle grey and white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("pillow",)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` 0 changes nothing, 1 much; below 0 there is less contrast than before."""

    amount: Annotated[float, Meta(ge=-1, le=1)] = 0.2


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture with every channel sent through the same curve, which is monotonous."""
    values = []
    for value in range(256):
        x = value / 255
        curved = x + settings.amount * (x * x * (3 - 2 * x) - x)
        values.append(round(curved * 255))
    return image.point(values * 3)
