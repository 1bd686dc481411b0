"""Stars that stand in a picture's name, or in the name of its folder, for who has no program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotfolder.stars.mark import DraftFile, Mark, words

# "starred (2)", "starred 2" and "starred - Copy" are what file managers make of a second one.
_STARRED = re.compile(r"(?:.*_)?(fav|starred)(?:[ _-]*\(?\d+\)?| \(?copy\)?| - copy)*", re.I | re.S)
_SYMBOLS = re.compile("[★⭐\ufe0f]+")
_FOLDER = "starred"


def marks(draft: DraftFile) -> Iterator[Mark]:
    """`★name` (or `★★★name`), `name_fav`, `name_starred`, `starred` and a folder `starred`.

    Names of our own drafts have neither stars nor underscores in them.
    """
    if match := _SYMBOLS.match(draft.name.name):
        yield Mark("symbols", min(5, sum(c != "\ufe0f" for c in match[0])))
    if match := _STARRED.fullmatch(draft.name.stem):
        yield words("name", match[1])
    if any(folder.casefold() == _FOLDER for folder in draft.name.parts[1:-1]):
        yield words("folder", _FOLDER)
