"""Drafts that were given up early: which there are, and how one is made all the same.

The ledger has what the picture would have carried. As a prompt file that asks for exactly that it
goes to `inbox/`, so it is made like any other wish, by whoever works on the studio.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from hotfolder.errors import HotfolderError, did_you_mean, printable
from hotfolder.history import Made, PassedOver
from hotfolder.images import recipe_text
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import atomic
from hotfolder.studio.store.ledger import entries

SUFFIX = ".recipe"
_LEAST_DIGITS = 4


def left(studio: Studio) -> list[PassedOver]:
    """The drafts that were given up and not made since, as they were entered."""
    found: dict[str, PassedOver] = {}
    made: set[str] = set()
    for entry in entries(studio.root):
        if isinstance(entry, PassedOver):
            found.setdefault(entry.recipe, entry)
        elif isinstance(entry, Made):
            made.add(entry.recipe)
    return [draft for recipe, draft in found.items() if recipe not in made]


def find(drafts: Sequence[PassedOver], name: str) -> PassedOver:
    """The draft with this name, as it is listed, or with these first digits of its recipe's id.

    Raises HotfolderError with the nearest name if there is none, and where there are several.
    """
    wanted = PurePosixPath(name).name
    named = {PurePosixPath(draft.name).name: draft for draft in drafts}
    fits = [draft for own, draft in named.items() if wanted in (own, PurePosixPath(own).stem)]
    if not fits and len(wanted) >= _LEAST_DIGITS:
        fits = [draft for draft in drafts if draft.recipe.startswith(wanted.lower())]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise HotfolderError(f"several drafts that were given up early begin with {wanted!r}")
    hint = did_you_mean(wanted, named) if named else "there are none left"
    raise HotfolderError(f"no draft {printable(wanted)!r} was given up early; {hint}")


def ask(studio: Studio, draft: PassedOver) -> str:
    """Put a prompt file into `inbox/` that asks for this draft; returns its path.

    Raises PictureError where what the ledger has of it is no recipe, HotfolderError for another.
    """
    recipe, _ = recipe_text.parse(draft.text)
    if recipe.id != draft.recipe:
        raise HotfolderError(f"the ledger has a different recipe for {printable(draft.name)}")
    name = PurePosixPath(draft.name).stem
    return atomic.publish(studio.root, f"inbox/{name}{SUFFIX}", draft.text.encode())
