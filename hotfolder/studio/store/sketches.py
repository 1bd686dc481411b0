"""What every picture that was made here looked like, in a few bytes: to find it by its likeness.

A line for each in `.hotfolder/sketches/MACHINE.jsonl`: its pixel hash and its sketch.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hotfolder import json_text
from hotfolder.errors import PictureError
from hotfolder.images import likeness
from hotfolder.recipes.recipe import Sha256
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = ".hotfolder/sketches"
_LARGEST = 256 * 2**20  # 900 bytes for each drawing, 1,800 for each photo


class _Line(Struct, frozen=True):
    """A picture's pixel hash, and its sketch in base 64."""

    pixels: Sha256
    sketch: str


def enter(studio: Studio, pixels: str, image: Image) -> None:
    """Keep what a picture looks like; raises OSError where the studio has gone."""
    beneath.make_folder(studio.root, FOLDER)
    sketch = base64.b64encode(likeness.sketch(image)).decode("ascii")
    line = json_text.encode(_Line(pixels, sketch))
    beneath.append_line(studio.root, f"{FOLDER}/{local.machine()}.jsonl", line)


def alike(studio: Studio, image: Image) -> list[tuple[float, str]]:
    """(likeness, pixel hash) of the pictures made here that look like this one, best first."""
    known = _known(studio)
    hashes, sketches = list(known), list(known.values())
    found = zip(likeness.scores(image, sketches), hashes, strict=True)
    return sorted((one for one in found if one[0] >= likeness.ALIKE), reverse=True)


def likeness_to(studio: Studio, pixels: str, image: Image) -> float | None:
    """How alike a picture is to one that was made here, by its pixel hash; None for an unknown."""
    known = _known(studio).get(pixels)
    return None if known is None else likeness.scores(image, [known])[0]


def _known(studio: Studio) -> dict[str, bytes]:
    """The sketches by pixel hash; lines that are torn or somebody's rubbish are passed over."""
    known: dict[str, bytes] = {}
    for name in beneath.names(studio.root, FOLDER):
        try:
            data = beneath.read(studio.root, f"{FOLDER}/{name}", _LARGEST)
        except (OSError, PictureError):
            continue
        for line in data.splitlines():
            try:
                read = msgspec.json.decode(line, type=_Line)
                sketch = base64.b64decode(read.sketch)
            except ValueError:
                continue
            if likeness.is_one(sketch):
                known[read.pixels] = sketch
    return known
