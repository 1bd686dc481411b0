"""Copies of our pictures into which somebody painted a line or a blot: which part is marked.

The picture as it was must lie in the studio, its recipe's first eight digits in its name, as our
names have them. So a copy that has lost its metadata is known by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from hotfolder.errors import PictureError
from hotfolder.images import regions, strokes
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.region import Region
from hotfolder.studio import beneath
from hotfolder.studio.identity import Identity, Portrait, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import archive

_ROOMS = ("drafts", "final", "seeds")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])")
_MOST_TRIED = 4


@dataclass(frozen=True, slots=True)
class Painted:
    """The picture as it was, where it lies, and what is marked in it."""

    path: str
    portrait: Portrait
    marked: tuple[Region, ...]


def look(studio: Studio, path: str, ids: frozenset[str]) -> Painted | None:
    """What is marked in a picture in `seeds/`; None where it is no copy with a mark.

    `ids` are as `copy_of` has them. Raises PictureError with a sentence for a line that marks
    nothing, OSError where the copy cannot be read.
    """
    copy: Identity | None = None
    for where, original in _originals(studio, path, ids):
        if copy is None:
            data = read_file(studio.root / path, below=studio.root)
            copy = identify(data)
        try:
            marked = strokes.find(data, copy.image, original.image)
            if marked is not None:
                return Painted(where, Portrait.of(original), regions.of(marked))
        except PictureError as error:
            raise PictureError(f"{error}; it was compared with {where}") from None
    return None


def copy_of(studio: Studio, path: str, portrait: Portrait) -> frozenset[str]:
    """The first digits of the recipes of which a picture may be a copy."""
    if not isinstance(portrait.source, Pixels):
        return frozenset()
    found = set(_ID.findall(path.rpartition("/")[2]))
    if portrait.record is not None and (known := archive.find(studio, portrait.record.pixels)):
        found.add(known[0].id[:8])
    return frozenset(found)


def _originals(studio: Studio, copy: str, ids: frozenset[str]) -> Iterator[tuple[str, Identity]]:
    """Our own pictures, unchanged, whose names have one of these digits; at most a few."""
    tried = 0
    for room in _ROOMS:
        for path in sorted(beneath.files(studio.root, room)):
            if path == copy or ids.isdisjoint(_ID.findall(path.rpartition("/")[2])):
                continue
            if tried == _MOST_TRIED:
                return
            tried += 1
            with suppress(OSError, PictureError):
                shown = identify(read_file(studio.root / path, below=studio.root), studio)
                if shown.recipe is not None and not shown.edited:
                    yield path, shown
