"""What a recipe says, as words: a kind of feature that needs no picture."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_BREAK = re.compile(r"[,.;:|()\[\]{}\n]+")
_SHAPES = ((1.6, "very wide"), (1.15, "wide"), (0.87, "square"), (0.62, "tall"))
_MOST_WORDS = 400


def of_prompt(prompt: str) -> frozenset[str]:
    """The words of a prompt and its pairs of neighbours, in lower case."""
    found: list[str] = []
    for part in _BREAK.split(prompt.lower()):
        words = _WORD.findall(part)[:_MOST_WORDS]
        found += words
        found += [f"{first} {second}" for first, second in itertools.pairwise(words)]
    return frozenset(found[: 2 * _MOST_WORDS])


def of_shape(width: int, height: int) -> str:
    """A word for the aspect of a picture."""
    aspect = width / max(1, height)
    return next((word for least, word in _SHAPES if aspect >= least), "very tall")


def tagged(prompt: str, width: int, height: int, tags: Iterable[tuple[str, str]]) -> frozenset[str]:
    """All words of a recipe: its prompt's, `shape:` its aspect, and `name:value` of the tags."""
    shape = {f"shape: {of_shape(width, height)}"} if width and height else set()
    return of_prompt(prompt) | shape | {f"{name}: {value}" for name, value in tags if value}
