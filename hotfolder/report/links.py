"""The links of a chain, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotfolder.errors import brief
from hotfolder.finishing import steps
from hotfolder.recipes.recipe import Recipe, Step, chain
from hotfolder.recipes.region import in_words as in_words_of

_PROMPT = 50


def in_words(recipe: Recipe) -> Iterator[str]:
    """What is done for a final, a line for each thing; nothing where it is img2img alone."""
    links = chain(recipe)
    if len(links) == 1 and not (recipe.prepare or recipe.finish or recipe.region):
        return
    for link in links:
        yield from map(step, link.prepare)
        if link.is_drawn:
            yield _img2img(link)
        yield from map(step, link.finish)


def done(all_steps: Iterable[Step]) -> str:
    """Steps in a row, for one line."""
    return ", ".join(map(step, all_steps))


def step(one: Step) -> str:
    """A step and its settings."""
    return steps.words(one.name, one.settings)


def _img2img(link: Recipe) -> str:
    width, height = link.canvas
    if link.region is not None:
        says = f'{in_words_of(link.region)}: "{brief(link.prompt, _PROMPT)}", drawn at'
        return f"{says} {width}x{height} by {link.model}, strength {link.strength:g}"
    says = f"img2img at {width}x{height} by {link.model}, strength {link.strength:g}"
    return f"{says}, {link.steps} steps, guidance {link.guidance_scale:g}"
