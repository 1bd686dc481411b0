"""The judged pictures of a studio that a model can learn from, as they lie there now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hotfolder.critic import Critic
from hotfolder.errors import PictureError
from hotfolder.images import metadata, pixels, recipe_text
from hotfolder.ranking import pictures_lying
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.sizes import render_sides
from hotfolder.render import resize
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import opinions
from hotfolder.taste.judgements import counting, guessed
from hotfolder.tuning.chosen import Example, examples

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is to learn from: `chosen` of which `paths` and `recipes` are known by picture.

    `left_out` counts the other judged pictures by why nothing is learned from them.
    """

    chosen: list[Example]
    paths: Mapping[str, str]
    recipes: Mapping[str, Recipe]
    left_out: Counter[str] = field(default_factory=Counter)


def gather(studio: Studio, scanner: Scanner, model: str, since: float = 0.0) -> Gathered:
    """The judged drafts of the model of this name, judged since a time in seconds since 1970.

    Writes nothing.
    """
    critic = Critic(studio)
    critic.listen(scanner)
    stands = critic.judgements
    lying = pictures_lying(scanner, critic.glances)
    passed = guessed(stands, opinions.order(studio), lying)
    judged = [j for j in counting([*stands.values(), *passed]) if j.at >= since]
    left_out: Counter[str] = Counter()
    paths: dict[str, str] = {}
    recipes: dict[str, Recipe] = {}
    for judgement in judged:
        path = next(iter(lying.get(judgement.picture, ())), "")
        recipe, why = _recipe(studio, path, model)
        if recipe is None:
            left_out[why] += 1
        else:
            paths[judgement.picture], recipes[judgement.picture] = path, recipe
    prompts = {picture: recipe.prompt for picture, recipe in recipes.items()}
    return Gathered(examples(judged, prompts), paths, recipes, left_out)


def pictures(studio: Studio, gathered: Gathered) -> Iterator[tuple[Example, Recipe, Image]]:
    """What was gathered, with the pictures, at the sides that the model takes.

    Raises PictureError for one that was taken away meanwhile.
    """
    for example in gathered.chosen:
        path, recipe = gathered.paths[example.picture], gathered.recipes[example.picture]
        try:
            image = pixels.decode(read_file(studio.root / path, below=studio.root))
        except OSError:
            says = f"{path} was removed while it was being learned from; start over"
            raise PictureError(says) from None
        sides = render_sides(*recipe.canvas, recipe.multiple)
        yield example, recipe, resize.pad(resize.fit(image, recipe.canvas), sides)


def _recipe(studio: Studio, path: str, model: str) -> tuple[Recipe | None, str]:
    """The recipe of a draft of this model; or why there is none to learn from."""
    if not path:
        return None, "is no longer here"
    try:
        ours = recipe_text.find(metadata.read(read_file(studio.root / path, below=studio.root)))
    except (OSError, PictureError):
        return None, "cannot be read"
    if ours is None:
        return None, "does not say how it was made"
    if ours.recipe.source is not None:
        return None, "is not a draft"
    if ours.recipe.model != model:
        return None, "was made by another model"
    return ours.recipe, ""
