"""How the weights of a prompt's words work on what a CLIP encoder says of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from torch import Tensor

from hotfolder.recipes.prompt_syntax.read import Emphasis

Read = Callable[[Sequence[int]], Tensor]


def weighted(rule: Emphasis, weights: Sequence[float], states: Tensor, read: Read) -> Tensor:
    """One chunk's hidden states, (1, tokens, width), with `weights` of its words in effect.

    `weights` are those of the words alone, in their order; the beginning, the end and the filling
    have 1. `read(places)` gives the states of the chunk with only the words at these places.
    """
    if all(weight == 1.0 for weight in weights):
        return states
    if rule == "compel":
        return _compel(weights, states, read)
    return _a1111(weights, states)


def _a1111(weights: Sequence[float], states: Tensor) -> Tensor:
    """Each token's state times its weight, then all times one number that restores their mean."""
    before = states.float()
    after = before * _column(weights, before)
    ratio = before.mean() / after.mean()
    restored = after * ratio if torch.isfinite(ratio) else after
    return restored.to(states.dtype)


def _compel(weights: Sequence[float], states: Tensor, read: Read) -> Tensor:
    """As in the library compel: more is further from the empty prompt, less is nearer to without.

    Words of more than 1 go that many times as far from what the empty prompt gives. For each run
    of words of less than 1 the states without it are mixed in, with tan((1 - weight) * pi / 2)
    parts of one: as much as the whole at 0.5, all of it at 0.
    """
    empty = read(()).float()
    more = _column([max(weight, 1.0) for weight in weights], states.float())
    mixed, total = empty + (states.float() - empty) * more, 1.0
    at = 0
    for weight, run in groupby(weights):
        places = range(at, at + len(list(run)))
        at = places.stop
        if weight < 1.0:
            share = math.tan((1.0 - max(weight, 1e-5)) * math.pi / 2)
            others = [place for place in range(len(weights)) if place not in places]
            mixed = mixed + read(others).float() * share
            total += share
    return (mixed / total).to(states.dtype)


def _column(weights: Sequence[float], states: Tensor) -> Tensor:
    """`weights` between the 1 of the beginning and those of the end, (1, tokens, 1)."""
    filled = [1.0, *weights]
    filled += [1.0] * (states.shape[1] - len(filled))
    return torch.tensor(filled, dtype=states.dtype, device=states.device).reshape(1, -1, 1)
