"""A part of a picture that is drawn anew, as a recipe keeps it."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

LONGEST = 200_000  # characters of runs
LONGEST_WORD = 60
_COLON = re.compile("[:\uff1a]")
_BRACKETS = re.compile(r"[()\[\]{}<>]")  # a weight's colon does not say where
Px = Annotated[int, Meta(ge=0, le=16_384)]
Length = Annotated[int, Meta(ge=1, le=16_384)]


class Region(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True
):
    """A mask within a box, all in px of the picture from its top left corner.

    `runs` says how many pixels of the box are out, in, out, ... of the mask, row after row, with
    "." between the numbers. `around` is what is cut out and drawn: (left, top, width, height). What
    is drawn is laid back with a soft edge of `feather` px outside the mask; beyond it the picture
    stays as it is. `word` is by which it was found, if nobody marked it.
    """

    left: Px
    top: Px
    width: Length
    height: Length
    runs: Annotated[str, Meta(max_length=LONGEST, pattern=r"^[0-9]+(\.[0-9]+)*\Z")]
    around: tuple[Px, Px, Length, Length]
    feather: Annotated[int, Meta(ge=0, le=256)]
    word: Annotated[str, Meta(max_length=LONGEST_WORD)] = ""


def part(line: str) -> tuple[str, str]:
    """(word, prompt) of a line that says where something is to be drawn anew, and as what.

    Raises ValueError with a sentence for another line.
    """
    word, *rest = (text.strip() for text in _COLON.split(line, maxsplit=1))
    if not (rest and word) or _BRACKETS.search(word):
        raise ValueError("does not say where; a line says where and what:  castle: sharper towers")
    if len(word) > LONGEST_WORD:
        raise ValueError(f"says where before its colon, which may have {LONGEST_WORD} characters")
    return word, rest[0]


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
    """Where it lies, and by which word it was found."""
    box = f"{region.width}x{region.height} at {region.left},{region.top}"
    name = f"{region.word}, the region" if region.word else "the region"
    return f"{name} {box}, feather {region.feather} px"
