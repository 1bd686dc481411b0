"""Prompts for text encoders that know no weights: T5 and language models read bare words.

They were trained on sentences, and a number that makes one word's vectors larger makes little
sense to a transformer that reads them all together. So the words are taken as they are at the end
of all edits, and what has no effect is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec.structs import replace

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.recipes.prompt_syntax.schedule import LAST, at_step, plain
from hotfolder.recipes.prompt_syntax.tree import Break, Node, Tree, Words, walk
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import weights

_SHOWN = 60


def in_words(recipe: Recipe) -> Recipe:
    """`recipe` with bare words for prompts; prompts joined by AND become one, with commas."""
    if recipe.tree is None:
        return recipe
    texts = [plain(part.nodes) for part in recipe.tree.parts]
    prompt = ", ".join(text for text in texts if text)
    return replace(recipe, prompt=prompt, negative_prompt=plain(recipe.tree.negative), tree=None)


def require(recipe: Recipe, words: Collection[str], family: str) -> None:
    """Raises RenderError where such a model is asked for what only CLIP can do.

    `words` are the embeddings that were read for it: its profile names them.
    """
    if words or recipe.clip_skip > 1:
        raise RenderError(
            f"{family} models do not read prompts with CLIP alone, so they take no embeddings "
            "and no clip_skip; take both out of the profile"
        )


def unused(tree: Tree | None, family: str) -> str:
    """A sentence on what of a prompt has no effect in models of this family; or ""."""
    lost = tuple(_lost(tree)) if tree else ()
    if not lost:
        return ""
    listed = " and ".join(part for part in (", ".join(lost[:-1]), lost[-1]) if part)
    has = "has" if len(lost) == 1 and not lost[0].startswith("weights") else "have"
    return f"{family} models read plain words, so {listed} {has} no effect"


def of_model(model: Model, base: Path | None, tree: Tree | None) -> str:
    """The same of a model by its files alone; "" for one that is not here yet."""
    path = weights.here(model, base)
    family = weights.family(path) if path is not None else None
    return "" if family is None or family.reads_clip else unused(tree, family.name)


def _lost(tree: Tree) -> Iterator[str]:
    nodes: tuple[Node, ...] = tuple(node for part in tree.parts for node in part.nodes)
    nodes += tree.negative
    weights = [
        item for item in at_step(nodes, LAST) if isinstance(item, Words) and item.weight != 1.0
    ]
    if weights:
        first = f"({_short(weights[0].text)}:{weights[0].weight:.3g})"
        yield f"the weight of {first}" if len(weights) == 1 else f"weights such as that of {first}"
    everything = list(walk(nodes))
    if any(isinstance(node, Break) for node in everything):
        yield "BREAK"
    if any(not isinstance(node, Break | Words) for node in everything):
        yield "what changes from step to step"
    if len(tree.parts) > 1:
        yield "AND"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
