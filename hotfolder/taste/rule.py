"""The rule by which a draft in the making is given up: plain data, for any worker to follow.

A draft is looked at once, at the step at which the denoiser's features are taken. All that taste
knows is linear, so the rule is one weight for each word and number, and a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hotfolder.taste import judge
from hotfolder.taste.features import Features, unpack
from hotfolder.taste.judge import Judge
from hotfolder.taste.judgements import Judgement

LEAST = 100
"""So many certain judgements are needed before anything is given up."""

LOST = 0.1
"""Of all that pleases, so much may be expected among what is given up."""

COMPLETED = 0.1
"""Of what would be given up, so much is completed all the same: else nobody would learn better."""

_EARLY = "denoiser"
_LATE = ("pixels", "eye")  # families of features that are known only of a whole picture


class Weights(Struct, frozen=True):
    """What numbers of one kind add to the log odds: (number - usual) * weight, each."""

    usual: tuple[float, ...]
    weight: tuple[float, ...]


class Rule(Struct, frozen=True):
    """Whether a draft is surely unwanted, as learned from `count` judgements.

    `base` and what `words` and the numbers of `kinds` add are log odds; `bound` is where giving up
    begins.
    """

    count: int
    base: float
    bound: float
    words: Mapping[str, float]
    kinds: Mapping[str, Weights]

    def of(self, words: Iterable[str]) -> Rule:
        """The rule for a draft with these words; it asks only for numbers."""
        said = sum(self.words.get(word, 0.0) for word in words)
        return replace(self, base=self.base + said, words={})

    def logit(self, kinds: Mapping[str, bytes]) -> float | None:
        """The log odds of a draft with these numbers, packed, by kind; None for unknown kinds."""
        known = [(data, self.kinds[kind]) for kind, data in kinds.items() if kind in self.kinds]
        pairs = [(data, w) for data, w in known if len(data) == len(w.usual)]
        if not pairs:
            return None
        return self.base + sum(
            float((unpack(data) - np.array(w.usual)) @ np.array(w.weight)) for data, w in pairs
        )


def learn(judged: Sequence[Judgement], features: Mapping[str, Features]) -> Rule | None:
    """The rule after these judgements, the oldest first; None where nothing shall be given up.

    `features` are those of judged and of other drafts, begun or made, the oldest first.
    """
    learned = judge.fit(judged, features, without=_LATE)
    if learned is None or not learned.honest or learned.count < LEAST:
        return None
    early = [f for f in features.values() if any(k.startswith(_EARLY) for k in f.kinds)]
    if not early:
        return None
    bound = _bound(learned.logits(early))
    return None if bound is None else _rule(learned, bound)


def _bound(logits: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    """Below it lies as much of what is expected to please as may be lost; None for nothing."""
    logits = np.sort(logits)
    expected = 1 / (1 + np.exp(-logits))
    lost = np.cumsum(expected) / max(1e-9, expected.sum())
    number = int(np.searchsorted(lost, LOST, side="right"))
    return float(logits[number]) if number else None


def _rule(learned: Judge, bound: float) -> Rule:
    scale, weights = learned.scale, learned.weights
    said = weights[: len(scale.columns)] * scale.said.scale
    at, kinds = len(scale.columns), {}
    for name, kind in scale.kinds.items():
        end = at + len(kind.mean)
        weight = (weights[at:end] * kind.scale).round(5)
        kinds[name] = Weights(tuple(kind.mean.round(4).tolist()), tuple(weight.tolist()))
        at = end
    base = learned.bias - float(said @ scale.said.mean)
    words = {word: float(said[column]) for word, column in scale.columns.items()}
    return Rule(learned.count, base, bound, words, kinds)
