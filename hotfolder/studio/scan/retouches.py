"""What lies beside a picture in `seeds/` and says which part of it is to be drawn anew.

`castle.mask.png` is white there; `castle.retouch.txt` says what it shall be. Without a mask each
line of it says where as well: `towers: sharper, with flags`. Such words are looked for in the
picture, and what was found is kept by `store.located` until it is wanted here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from hotfolder.errors import MistakesError, PictureError, brief, printable
from hotfolder.images import metadata, pixels, regions
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.images.regions import MOST_REGIONS
from hotfolder.prompts import text_encoding
from hotfolder.recipes import sizes
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.refine import Wish
from hotfolder.recipes.region import Region, part
from hotfolder.recipes.settings import Limits
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import MASK, is_mask
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.apart import require_quick_picture
from hotfolder.studio.scan.limits import check_picture, check_text

WORDS = ".retouch.txt"
Seen = Callable[[str], Sequence[Region] | None]
"""Where a word is: its regions; none if it is not there, None if nobody has looked yet."""

_QUICK_PX = 1_000_000  # of a mask, in which the parts are told apart as well
_OR_PAINT = "or paint the part white in {}, a black picture of the same size"


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
        require_quick_picture(len(data), contents, _QUICK_PX)
    return regions.read(pixels.decode(data, contents), size)


def wishes(
    marked: Sequence[Region],
    found: Retouch | None,
    size: tuple[int, int],
    profile: Profile,
    limits: Limits,
    seen: Seen,
) -> tuple[Wish, ...]:
    """What is wished for a picture of `size` in which these regions are marked.

    `found` are the files beside it; where nothing is marked they name words, and `seen` says where
    those are. Raises PictureError with a sentence.
    """
    if found and not marked:
        mask = found.name.removesuffix(WORDS) + MASK
        return by_words(_lines(found, limits, mask), mask, size, profile, seen)
    prompt = ", ".join(line for _, line in _text(found, limits)) if found else ""
    least_px = _least_px(profile)
    around = (regions.with_surroundings(region, size, least_px) for region in marked)
    return tuple(Wish(region, prompt) for region in around)


def by_words(
    words: Mapping[str, str], mask_name: str, size: tuple[int, int], profile: Profile, seen: Seen
) -> tuple[Wish, ...]:
    """What is wished where words are: prompts by words. Before anybody has looked, it is nowhere.

    Raises PictureError with a sentence that names the mask, for words that are not in the picture.
    """
    wishes: list[Wish] = []
    missing: list[str] = []
    for word, prompt in words.items():
        marked = seen(word)
        if marked is None:
            wishes.append(Wish(None, prompt, word))
        elif not marked:
            missing.append(f'"{printable(word)}"')
        around = (regions.with_surroundings(r, size, _least_px(profile)) for r in marked or ())
        wishes += [Wish(region, prompt, word) for region in around]
    if missing:
        is_not = "is not" if len(missing) == 1 else "are not"
        raise PictureError(
            f"{' and '.join(missing)} {is_not} seen in the picture, so nothing is redrawn; call "
            f"it as the picture's own prompt does, or paint it white in {mask_name}, or paint a "
            "closed line around it in a copy"
        )
    return tuple(wishes[:MOST_REGIONS])


def _lines(found: Retouch, limits: Limits, mask_name: str) -> dict[str, str]:
    """The prompts by the words that they are for; PictureError where there is no word."""
    words: dict[str, str] = {}
    for number, line in _text(found, limits):
        try:
            word, prompt = part(line)
        except ValueError as error:
            where = f'{found.name} beside it, line {number}: "{printable(brief(line, 40))}" {error}'
            raise PictureError(f"{where} ({_OR_PAINT.format(mask_name)})") from None
        words[word] = prompt
    if not words:
        says = "a line of it says where and what:  castle: sharper towers"
        raise PictureError(f"{found.name} beside it is empty; {says}")
    if len(words) > MOST_REGIONS:
        most = f"at most {MOST_REGIONS} can be looked for in one picture"
        raise PictureError(f"{found.name} beside it has {len(words)} words; {most}")
    return words


def _text(found: Retouch, limits: Limits) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers; PictureError for what cannot be read."""
    try:
        check_text(found.said, limits)
        words = text_encoding.decode(found.said)
    except MistakesError as error:
        name = printable(PurePosixPath(found.words).name)
        raise PictureError(f"{name} beside it has a mistake: {error}") from None
    lines = enumerate(words.splitlines(), 1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def _least_px(profile: Profile) -> int:
    """The shortest side of what is cut out: a tiny part alone would not be known for what it is."""
    width, height = sizes.size(profile.refine.area)
    return round(math.sqrt(width * height) / 4)
