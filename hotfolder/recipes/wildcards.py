"""Templates: `{a|b}`, weights, counts, variables and `__word lists__`, drawn by a seed."""

from __future__ import annotations

from collections.abc import Mapping


def expand(template: str, seed: int, words: Mapping[str, list[str]]) -> str:
    """The text that `template` becomes for `seed`."""
    raise NotImplementedError
