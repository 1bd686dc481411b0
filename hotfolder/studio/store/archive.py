"""The recipe of every picture that was made here, found by the picture's pixels.

A picture may lose all that it carries, and every copy of it may be deleted. So its document is kept
as well, a line in `.hotfolder/recipes/MACHINE/XX.jsonl`: each machine writes into a folder of its
own, and XX are the first two digits of the pixel hash, so that little is read to find one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from hotfolder.errors import PictureError
from hotfolder.images import metadata, recipe_text
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import pictures
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic, local

Ours = tuple[Recipe, Record]


def enter(studio: Studio, recipe: Recipe, record: Record) -> None:
    """Keep a picture's recipe and record, durably; raises OSError where the studio has gone."""
    folder = studio.recipes / local.machine()
    atomic.make_folder(studio.root, folder)
    line = recipe_text.document(recipe, record).encode("ascii")
    with (folder / f"{record.pixels[:2]}.jsonl").open("ab") as stream:
        stream.write(b"\n" + line)  # the line end comes first: a torn line ends before the next
        stream.flush()
        os.fsync(stream.fileno())


def find(studio: Studio, pixels: str) -> Ours | None:
    """The recipe and record of the picture with this pixel hash, if it was made here."""
    for file in sorted(studio.recipes.glob(f"*/{pixels[:2]}.jsonl")):
        for line in file.read_bytes().splitlines():
            if pixels.encode("ascii") in line:
                found = _read(line)
                if found is not None and found[1].pixels == pixels:
                    return found
    return None


def search(studio: Studio, pixels: str) -> Ours | None:
    """The same from what the pictures that lie here carry: slow, for studios older than this.

    A refinement carries the recipe of the picture that it was made from.
    """
    for path in pictures([studio.drafts, studio.seeds, studio.final]):
        try:
            ours = recipe_text.find(metadata.read(read_file(path)))
        except (OSError, PictureError):
            continue
        for recipe, record in _lineage((ours.recipe, ours.record)) if ours else ():
            if record.pixels == pixels:
                return recipe, record
    return None


def _read(line: bytes) -> Ours | None:
    try:
        return recipe_text.parse(line.decode("ascii"))
    except (PictureError, UnicodeDecodeError):
        return None  # torn, or of a later version


def _lineage(ours: Ours) -> Iterator[Ours]:
    """A picture's recipe and record, then those of its source, and so on."""
    recipe, record = ours
    yield ours
    if isinstance(recipe.source, Recipe) and record.source is not None:
        yield from _lineage((recipe.source, record.source))
