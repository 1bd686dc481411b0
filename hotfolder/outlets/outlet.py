"""What a place takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hotfolder.recipes.encoding import Format, Quality


@dataclass(frozen=True, slots=True)
class Outlet:
    """What a place takes. None is for: anything.

    A picture of another format becomes the first of `formats`. With a `quality` it is encoded
    again in any case. `carries` says what of its making goes along: "parameters" are prompts and
    settings in the words of A1111, "origin" that an AI made it and with which model. `hashes`
    says that the files of model and LoRAs are named by their hashes as well.

    Larger pictures are made smaller: `widest_px` is the most for the width, `longest_px` for the
    longer side. `ratios` are the least and the most of width / height; others get bands.
    """

    formats: tuple[Format, ...]
    carries: Literal["parameters", "origin"]
    quality: Quality | None = None
    hashes: bool = False
    widest_px: int | None = None
    longest_px: int | None = None
    ratios: tuple[float, float] | None = None
