"""The tree of a prompt, as recipes carry it: arrays, so that it takes little room in a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

MOST_NODES = 2_000  # in one prompt; a text with more syntax than that is taken as it is written
MOST_PARTS = 16
DEEPEST = 32
MOST_WEIGHT = 100.0

Weight = Annotated[float, Meta(ge=-MOST_WEIGHT, le=MOST_WEIGHT)]


class Words(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="words"):
    """Text, and how strongly it counts: 1 is as it is."""

    text: Annotated[str, Meta(max_length=65_536)]
    weight: Weight = 1.0


class Break(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="break"):
    """What follows begins a new chunk of the text encoder."""


class Edit(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="edit"):
    """`before` for the first `steps` denoising steps, `after` from then on."""

    before: tuple[Node, ...]
    after: tuple[Node, ...]
    steps: Annotated[int, Meta(ge=0, le=1000)]


class Alternate(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="alternate"):
    """Another of `options` at each step, in turn."""

    options: Annotated[tuple[tuple[Node, ...], ...], Meta(min_length=1)]


Node = Words | Break | Edit | Alternate


class Part(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One of the prompts that are joined by AND, and its weight against the negative prompt."""

    nodes: tuple[Node, ...]
    weight: Weight = 1.0


class Tree(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A prompt and its negative prompt, read. Steps count from pure noise, 1 is the first."""

    parts: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=MOST_PARTS)]
    negative: tuple[Node, ...] = ()


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """These nodes and all that they are made of, in the order of the text."""
    for node in nodes:
        yield node
        for below in branches(node):
            yield from walk(below)


def branches(node: Node) -> tuple[tuple[Node, ...], ...]:
    """What a node chooses from; nothing for one that is always there."""
    if isinstance(node, Edit):
        return node.before, node.after
    return node.options if isinstance(node, Alternate) else ()


def depth(nodes: tuple[Node, ...]) -> int:
    """How many edits and alternations lie within one another at most."""
    return max(
        (1 + max(map(depth, branches(n)), default=0) for n in nodes if branches(n)), default=0
    )


def trouble(tree: Tree) -> str:
    """A sentence if a tree is larger than any of ours; it may have been written by anyone."""
    texts = [*(part.nodes for part in tree.parts), tree.negative]
    if max(map(depth, texts)) > DEEPEST:
        return f"the recipe's prompt is nested more than {DEEPEST} deep"
    if sum(1 for nodes in texts for _ in walk(nodes)) > 2 * MOST_NODES:
        return f"the recipe's prompt has more than {2 * MOST_NODES:,} parts"
    return ""
