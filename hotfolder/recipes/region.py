"""A part of a picture that is drawn anew, as a recipe keeps it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

LONGEST = 200_000  # characters of runs
Px = Annotated[int, Meta(ge=0, le=16_384)]
Length = Annotated[int, Meta(ge=1, le=16_384)]


class Region(Struct, frozen=True, forbid_unknown_fields=True):
    """A mask within a box, all in px of the picture from its top left corner.

    `runs` says how many pixels of the box are out, in, out, ... of the mask, row after row, with
    "." between the numbers. `around` is what is cut out and drawn: (left, top, width, height). What
    is drawn is laid back with a soft edge of `feather` px outside the mask; beyond it the picture
    stays as it is.
    """

    left: Px
    top: Px
    width: Length
    height: Length
    runs: Annotated[str, Meta(max_length=LONGEST, pattern=r"^[0-9]+(\.[0-9]+)*\Z")]
    around: tuple[Px, Px, Length, Length]
    feather: Annotated[int, Meta(ge=0, le=256)]


def trouble(region: Region, size: tuple[int, int]) -> str:
    """Why a region is none of a picture of this size; empty where it is one."""
    left, top, width, height = region.around
    is_inside = left + width <= size[0] and top + height <= size[1]
    is_around = (
        left <= region.left
        and top <= region.top
        and region.left + region.width <= left + width
        and region.top + region.height <= top + height
    )
    return "" if is_inside and is_around else "the region does not lie within the picture"


def in_words(region: Region) -> str:
    """Where it lies."""
    box = f"{region.width}x{region.height} at {region.left},{region.top}"
    return f"the region {box}, feather {region.feather} px"
