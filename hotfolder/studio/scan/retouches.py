"""What lies beside a picture in `seeds/` and says which part of it is to be drawn anew.

`castle.mask.png` is white there; `castle.retouch.txt` says what it shall be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from hotfolder.errors import MistakesError, PictureError, printable
from hotfolder.images import pixels, regions
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.prompts import text_encoding
from hotfolder.recipes import sizes
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.refine import Wish
from hotfolder.recipes.settings import Limits
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import MASK, is_mask
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.limits import check_picture, check_text

WORDS = ".retouch.txt"
_NO_MASK = "nothing says where: paint the part white in {}, a black picture of the same size"


class Retouch(NamedTuple):
    """The files beside a picture: the mask's name and bytes, and those of the words, if there."""

    name: str
    mask: bytes
    words: bytes


def beside(studio: Studio, picture: str) -> Retouch | None:
    """What is to be drawn anew in a picture; None where nothing is. Raises OSError."""
    mask = next((path for path in paths(picture, MASK) if beneath.is_file(studio.root, path)), "")
    words = next((path for path in paths(picture, WORDS) if beneath.is_file(studio.root, path)), "")
    if not mask and not words:
        return None
    return Retouch(
        PurePosixPath(mask or words).name,
        read_file(studio.root / mask, below=studio.root) if mask else b"",
        read_file(studio.root / words, text_encoding.MAX_BYTES, studio.root) if words else b"",
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
    found: Retouch, size: tuple[int, int], profile: Profile, limits: Limits
) -> tuple[Wish, ...]:
    """What is wished for a picture of `size`; PictureError with a sentence for what is no wish."""
    name = printable(found.name)
    prompt = _prompt(found, limits)
    if not found.mask:
        raise PictureError(_NO_MASK.format(name.removesuffix(WORDS) + MASK))
    try:
        check_picture(found.mask, limits)
        marked = regions.read(pixels.decode(found.mask), size, _least_px(profile))
    except PictureError as error:
        raise PictureError(f"{name} beside it cannot be used: {error}") from None
    return tuple(Wish(region, prompt) for region in marked)


def marked(mask: Any, found: Retouch | None, profile: Profile, limits: Limits) -> tuple[Wish, ...]:
    """What is wished where a mask was painted into a copy, as what the words beside it say."""
    prompt = _prompt(found, limits) if found else ""
    return tuple(Wish(region, prompt) for region in regions.of(mask, _least_px(profile)))


def _prompt(found: Retouch, limits: Limits) -> str:
    """What a part shall be; PictureError for words that cannot be read."""
    try:
        check_text(found.words, limits)
        words = text_encoding.decode(found.words)
    except MistakesError as error:
        name = printable(found.name)
        raise PictureError(f"{name} beside it has a mistake: {error}") from None
    return ", ".join(line.strip() for line in words.splitlines() if line.strip())


def _least_px(profile: Profile) -> int:
    """The shortest side of what is cut out: a tiny part alone would not be known for what it is."""
    width, height = sizes.size(profile.refine.area)
    return round(math.sqrt(width * height) / 4)
