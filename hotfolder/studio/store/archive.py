"""The recipe of every picture that was made here, found by the picture's pixels.

A picture may lose all that it carries, and every copy of it may be deleted. So its document is kept
as well, a line in `.hotfolder/recipes/MACHINE/XX.jsonl`: each machine writes into a folder of its
own, and XX are the first two digits of the pixel hash, so that little is read to find one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from hotfolder.errors import PictureError
from hotfolder.images import metadata, recipe_text
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import of_rooms
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import local
from hotfolder.studio.store.signature import is_own, signed, unsigned

ARCHIVE = ".hotfolder/recipes"
_LONGEST_LINE = 2**21
_MOST_MACHINES = 1000
_LARGEST = 64 * 2**20  # bytes; a 256th of what a million pictures take is 12 MB

Ours = tuple[Recipe, Record]


def enter(studio: Studio, recipe: Recipe, record: Record) -> None:
    """Keep what a picture carries, its recipe and record, durably.

    Raises OSError where the studio has gone.
    """
    folder = f"{ARCHIVE}/{local.machine()}"
    beneath.make_folder(studio.root, folder)
    line = recipe_text.written(recipe, record).encode("ascii")
    beneath.append_line(studio.root, f"{folder}/{record.pixels[:2]}.jsonl", signed(line))


def find(studio: Studio, pixels: str) -> Ours | None:
    """The recipe and record of the picture with this pixel hash, if it was made here.

    What this machine has signed comes before what anybody may have written.
    """
    claimed = None
    for line in _lines(studio, pixels):
        found = _read(unsigned(line))
        if found is not None and found[1].pixels == pixels:
            if is_own(line):
                return found
            claimed = claimed or found
    return claimed


def is_proved(studio: Studio, recipe: Recipe, record: Record) -> bool:
    """Whether this machine made the picture: it has signed this very recipe and record."""
    line = recipe_text.document(recipe, record).encode("ascii")
    return any(unsigned(known) == line and is_own(known) for known in _lines(studio, record.pixels))


def _lines(studio: Studio, pixels: str) -> Iterator[bytes]:
    """The lines about these pixels, in whatever machine's file; one that is no file has none.

    This machine's are the first: of what others wrote only so much is read.
    """
    wanted, left, own = pixels.encode("ascii"), _LARGEST, local.machine()
    machines = beneath.names(studio.root, ARCHIVE)[:_MOST_MACHINES]
    for machine in [own, *(name for name in machines if name != own)]:
        with suppress(OSError, PictureError):
            data = beneath.read(studio.root, f"{ARCHIVE}/{machine}/{pixels[:2]}.jsonl", left)
            left -= min(left, len(data))
            yield from (line for line in data.splitlines() if wanted in line)


def everything(studio: Studio) -> Iterator[Ours]:
    """The recipe and record of each picture that was ever made here, in no certain order."""
    for file in sorted(beneath.files(studio.root, ARCHIVE)):
        with suppress(OSError, PictureError), beneath.reading(studio.root, file) as stream:
            while line := stream.readline(_LONGEST_LINE):
                if (found := _read(unsigned(line.strip()))) is not None:
                    yield found


def search(studio: Studio, pixels: str) -> Ours | None:
    """The same from what the pictures that lie here carry: slow, for studios older than this.

    A refinement carries the recipe of the picture that it was made from.
    """
    for path in of_rooms(studio.drafts, studio.seeds, studio.final):
        try:
            ours = recipe_text.find(metadata.read(read_file(path, below=studio.root)))
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
