"""What lies beside a picture in `seeds/` and says which part of it is to be drawn anew.

`castle.mask.png` is white there; `castle.retouch.txt` says what it shall be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from hotfolder.errors import MistakesError, PictureError, printable
from hotfolder.images import metadata, pixels, regions
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.prompts import text_encoding
from hotfolder.recipes import sizes
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.refine import Wish
from hotfolder.recipes.region import Region
from hotfolder.recipes.settings import Limits
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import MASK, is_mask
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.apart import require_quick_picture
from hotfolder.studio.scan.limits import check_picture, check_text

WORDS = ".retouch.txt"
_NO_MASK = "nothing says where: paint the part white in {}, a black picture of the same size"


class Retouch(NamedTuple):
    """The files beside a picture: the paths of the mask and of the words, and what those are."""

    mask: str
    words: str
    said: bytes

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        return printable(PurePosixPath(self.mask or self.words).name)


def beside(studio: Studio, picture: str) -> Retouch | None:
    """What is to be drawn anew in a picture; None where nothing is. Raises OSError."""
    mask = next((path for path in paths(picture, MASK) if beneath.is_file(studio.root, path)), "")
    words = next((path for path in paths(picture, WORDS) if beneath.is_file(studio.root, path)), "")
    if not mask and not words:
        return None
    file = studio.root / words
    return Retouch(
        mask, words, read_file(file, text_encoding.MAX_BYTES, studio.root) if words else b""
    )


def paths(picture: str, *ends: str) -> Iterator[str]:
    """Where the files may lie that say what is to be drawn anew in a picture."""
    path = PurePosixPath(picture)
    for name in (path.stem, path.name):
        for end in ends or (MASK, WORDS):
            yield f"{path.parent}/{name}{end}"


def is_one(path: str) -> bool:
    """Whether a file may say what is to be drawn anew, by its name."""
    return is_mask(path) or (path.startswith("seeds/") and path.lower().endswith(WORDS))


def pictures(path: str) -> Iterator[str]:
    """The paths of the pictures that such a file may belong to; none for other files."""
    if not is_one(path):
        return
    base = path[: -len(MASK if is_mask(path) else WORDS)]
    yield base
    for suffix in picture_suffixes():
        yield from (base + suffix, base + suffix.upper())


def read(
    studio: Studio, mask: str, size: tuple[int, int], limits: Limits, quick: bool = False
) -> tuple[Region, ...]:
    """What the mask at this path marks in a picture of `size`, as `regions.read` has it.

    Raises PictureError with a sentence, OSError; and SlowError for one that takes a while, where
    only a `quick` one is wanted.
    """
    data = read_file(studio.root / mask, below=studio.root)
    contents = metadata.read(data)
    check_picture(data, limits, contents)
    if (contents.height, contents.width) != size:  # which turning makes right
        regions.require_size((contents.width, contents.height), size)  # before it is decoded
    if quick:
        require_quick_picture(len(data), contents)
    return regions.read(pixels.decode(data, contents), size)


def wishes(
    marked: Sequence[Region],
    found: Retouch | None,
    size: tuple[int, int],
    profile: Profile,
    limits: Limits,
) -> tuple[Wish, ...]:
    """What is wished for a picture of `size` in which these regions are marked.

    `found` are the files beside it. Raises PictureError with a sentence.
    """
    prompt = _prompt(found, limits) if found else ""
    if found and not marked:
        name = PurePosixPath(found.words).name
        raise PictureError(_NO_MASK.format(printable(name.removesuffix(WORDS) + MASK)))
    least_px = _least_px(profile)
    around = (regions.with_surroundings(region, size, least_px) for region in marked)
    return tuple(Wish(region, prompt) for region in around)


def _prompt(found: Retouch, limits: Limits) -> str:
    """What a part shall be; PictureError for words that cannot be read."""
    try:
        check_text(found.said, limits)
        words = text_encoding.decode(found.said)
    except MistakesError as error:
        name = printable(PurePosixPath(found.words).name)
        raise PictureError(f"{name} beside it has a mistake: {error}") from None
    return ", ".join(line.strip() for line in words.splitlines() if line.strip())


def _least_px(profile: Profile) -> int:
    """The shortest side of what is cut out: a tiny part alone would not be known for what it is."""
    width, height = sizes.size(profile.refine.area)
    return round(math.sqrt(width * height) / 4)
