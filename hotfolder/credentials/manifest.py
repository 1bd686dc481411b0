"""A recipe -> what content credentials say of its picture. Nothing a person wrote is in it.

Prompts are in the picture's own metadata, if anywhere; those are part of what is signed. Source:
C2PA technical specification 2.4, "Actions" and "Ingredient".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hotfolder import __version__
from hotfolder.images import xmp
from hotfolder.recipes.recipe import Pixels, Recipe, chain

SOURCE = "source"  # by this label actions name the picture that was picked
_AGENT = {"name": "hotfolder", "version": __version__}


def manifest(recipe: Recipe, title: str, done: Sequence[str] = (), edited: bool = False) -> Any:
    """The definition of a manifest, as c2pa takes it.

    `done` are C2PA's names of what was done to the copy itself. `edited` says that the picture was
    changed by somebody else after it was made: then not all actions are known.
    """
    actions = [*_made(recipe)]
    if edited:
        actions.append({"action": "c2pa.edited", "description": "changed by another program"})
    actions += [_by_us(name) for name in done]
    return {
        "claim_generator_info": [_AGENT],
        "title": title,
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": actions, "allActionsIncluded": not edited},
            }
        ],
    }


def picked(recipe: Recipe) -> Recipe | Pixels | None:
    """The picture that a refinement was made from; None for a draft."""
    return chain(recipe)[0].source


def ingredient(recipe: Recipe) -> dict[str, str]:
    """The picture that was picked, as an ingredient. Its file's name may tell a prompt: no name."""
    title = "draft" if isinstance(picked(recipe), Recipe) else "picture"
    return {"title": title, "relationship": "parentOf", "label": SOURCE}


def _made(recipe: Recipe) -> Iterator[dict[str, Any]]:
    """What was done until the picture was there, from the draft or the picked picture on."""
    links = chain(recipe)
    if links[0].source is not None:
        yield _by_us("c2pa.opened", parameters={"ingredientIds": [SOURCE]})
    for link in links:
        before = link.source
        sides = None if before is None else (before.width, before.height)
        if before is None:
            yield _by_us("c2pa.created", digitalSourceType=xmp.origin(link))
        elif link.is_drawn:
            part = "a part was redrawn" if link.region else "redrawn by img2img"
            yield _by_us("c2pa.edited", digitalSourceType=xmp.origin(link), description=part)
        for step in (*link.prepare, *link.finish):
            yield _by_us("c2pa.edited", description=step.name)
        if sides and sides != (link.width, link.height):
            yield _by_us("c2pa.resized")


def _by_us(action: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "softwareAgent": _AGENT, **more}
