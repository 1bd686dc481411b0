"""The judge: how likely its owner is to want a picture, learned from what was done with others.

Several views of the features, each of which weighs their kinds in its own way, learn by themselves;
each counts as much as the judgements are probable under it (Bayesian model averaging). All are
linear, so what they say together is one weight for each word and number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hotfolder.taste import logistic, scale
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement
from hotfolder.taste.logistic import Posterior
from hotfolder.taste.scale import Scale

Array = np.ndarray[Any, np.dtype[Any]]

Elsewhere = tuple[Judgement, Features]
"""What was judged in another studio, and what is known of that picture."""

LEAST = 15
"""So many certain judgements are needed before anything is said, and one of them a decision."""

# How much a kind counts, by its name or its family; what is not named counts nothing.
VIEWS: Sequence[Mapping[str, float]] = (
    {"words": 1.0, "denoiser": 1.4, "pixels": 1.0, "eye": 1.4},
    {"words": 1.0, "denoiser": 0.5, "pixels": 0.5, "eye": 0.5},
    {"words": 0.5, "denoiser": 0.5, "pixels": 1.0, "eye": 0.5},
    {"words": 0.3, "denoiser": 1.0, "pixels": 0.3, "eye": 1.0},
    {"words": 0.3, "denoiser": 0.4, "pixels.layout": 2.0},
)
_DIRECTIONS = 64
_OVERSAMPLED = 16
_ROUNDS = 2
_MEMORIES = (float("inf"), 120.0, 60.0, 30.0)
_NOTICED = 20.0  # judgements after which one has half a say in the choice of a memory
_MARGIN = 1.0  # nats by which a changed taste, or that of other studios, must be more probable
_FAINT = 0.01
_RECENT = 500  # judgements that choose strengths, views and half-lives; all decide the rest
_OTHERS = 500  # pictures that nobody judged, for the scale
_SELDOM = 0.2  # at least: no picture stands for more than five
_LEAST_LEFT = 5  # certainly seen and not wanted
_LENT = (0.3, 0.0, 1.0)  # how much a judgement of another studio may count, the usual first


@dataclass(frozen=True, slots=True)
class View:
    """What one view has learned, and the share that it has in what is said.

    `turn` leads from columns to the coordinates that `posterior` is of.
    """

    share: float
    turn: Array
    posterior: Posterior


@dataclass(frozen=True, slots=True)
class Judge:
    """What was learned from `count` certain judgements.

    `weights` are those of the scale's columns, float64, on the log odds; `bias` is what they are
    added to. `memory`: a judgement counts in full for so many others. `honest`: it is known of
    enough pictures that they were seen and left, so that scores are probabilities; otherwise they
    only order. `auc` and `error` are by cross-validation (NaN where all judgements say the same):
    how well it orders, and how far probabilities are off; `told` are the probabilities and what
    came.
    """

    count: int
    honest: bool
    scale: Scale
    weights: Array
    bias: float
    memory: float
    auc: float
    error: float
    told: tuple[tuple[float, bool], ...]
    views: tuple[View, ...] = ()

    def believed(self, random: np.random.Generator) -> Array:
        """Weights of the columns, float64, drawn from all that could be so after the judgements."""
        view = self.views[random.choice(len(self.views), p=[view.share for view in self.views])]
        drawn = view.posterior.sampled(random.normal(size=len(view.posterior.mean)))
        weights: Array = view.turn @ drawn[:-1]
        return weights

    def logits(self, pictures: Sequence[Features]) -> Array:
        """The log odds of each picture, float64 (n)."""
        logits: Array = self.scale.rows(pictures) @ self.weights + self.bias
        return logits

    def scores(self, pictures: Sequence[Features]) -> Array:
        """The probability that each picture is wanted, float64 (n), 0.01 to 0.99."""
        return _probabilities(self.logits(pictures))


@dataclass(frozen=True, slots=True)
class _Known:
    """Judgements as columns: whether each was liked, is certain, its full weight and its age.

    `own` are those of this studio; others come before them.
    """

    liked: Array
    certain: Array
    full: Array
    age: Array
    own: Array

    def last(self, count: int) -> _Known:
        """The latest of them."""
        late = slice(-count, None)
        return _Known(*(getattr(self, name)[late] for name in self.__slots__))

    def lending(self, share: float) -> _Known:
        """The same, of which those of other studios count so much."""
        return replace(self, full=np.where(self.own, self.full, share * self.full))

    def weights(self, memory: float) -> Array:
        """How much each counts now: in full for so many others, then half after each quarter."""
        faded: Array = self.full * 0.5 ** (np.maximum(0, self.age - memory) * 4 / memory)
        return faded

    def noticed(self) -> Array:
        """How much each has to say in the choice of a memory."""
        noticed: Array = self.full * 0.5 ** (self.age / _NOTICED)
        return noticed


def _probabilities(logits: Array) -> Array:
    """Of log odds; never nearer than a hundredth to certainty, since anybody may click wrongly."""
    return 0.01 + 0.98 * logistic.sigmoid(logits)


def fit(
    judged: Sequence[Judgement],
    features: Mapping[str, Features],
    without: Collection[str] = (),
    elsewhere: Sequence[Elsewhere] = (),
) -> Judge | None:
    """What judgements, the oldest first, teach; None for "not yet".

    `features` are those of judged and of other pictures, by their keys. Families of kinds of
    features that are `without` are not looked at. What was judged `elsewhere`, in other studios of
    the same owner, is a prior: it counts less, and nothing if it does not fit (a power prior,
    Ibrahim and Chen 2000).
    """
    judged = [judgement for judgement in judged if judgement.picture in features]
    if sum(judgement.certain for judgement in judged) < LEAST:
        return None
    if not any(judgement.sorted for judgement in judged):
        return None
    taken = {judgement.picture for judgement in judged}
    others = [f for picture, f in features.items() if picture not in taken][-_OTHERS:]
    lent = [one for one in elsewhere if one[0].picture not in taken]
    pictures = [f for _, f in lent] + [features[judgement.picture] for judgement in judged]
    every = [judgement for judgement, _ in lent] + judged
    common = scale.find([*pictures[-_RECENT:], *others], without)
    # What was seldom completed stands for the like of it that was not (Horvitz and Thompson 1952).
    seldom = [max(picture.chance, _SELDOM) for picture in pictures]
    own = np.arange(len(every)) >= len(lent)
    known = _Known(
        np.array([judgement.liked for judgement in every]),
        np.array([judgement.certain for judgement in every]) & own,
        np.array([judgement.weight for judgement in every]) / np.array(seldom),
        np.arange(len(every))[::-1].astype(float),
        own,
    )
    learned = _learned(known, common, common.rows(pictures), common.rows(others))
    return learned or fit(judged, features, without)


def _learned(known: _Known, common: Scale, rows: Array, others: Array) -> Judge | None:
    """What is learned; None where what was judged elsewhere does not fit."""
    recent = known.last(_RECENT).lending(_LENT[0])
    views = VIEWS if common.kinds else VIEWS[:1]  # of words alone there is one view
    turns = [_turned(common, view, rows, others) for view in views]
    coordinates = [(rows[-_RECENT:] @ turn).astype(float) for turn in turns]
    strengths = [logistic.best_strength(z, recent.liked, recent.full) for z in coordinates]
    share = _lent(coordinates[0], known.last(_RECENT), strengths[0])
    if not share:
        return None
    known = known.lending(share)
    recent = known.last(_RECENT)
    memory = _memory(coordinates[0], recent, strengths[0])
    weights = recent.weights(memory)
    found = [_fitted(z, recent, weights, s) for z, s in zip(coordinates, strengths, strict=True)]
    evidence = np.array([posterior.evidence for posterior in found])
    shares = np.exp(evidence - evidence.max())
    shares = np.where(shares < _FAINT * shares.sum(), 0, shares)
    shares /= shares.sum()
    said_by = [at for at, share in enumerate(shares) if share]
    guesses = [
        shares[at] * logistic.out_of_fold(coordinates[at], recent.liked, weights, strengths[at])
        for at in said_by
    ]
    guessed = np.sum(guesses, axis=0)
    slope, offset = logistic.calibrated(guessed, recent.liked, weights * recent.own)
    if len(rows) > _RECENT:
        weights = known.weights(memory)
        for at in said_by:
            every = (rows @ turns[at]).astype(float)
            found[at] = _fitted(every, known, weights, strengths[at])
    column = np.sum([shares[at] * (turns[at] @ found[at].mean[:-1]) for at in said_by], axis=0)
    bias = sum(shares[at] * found[at].mean[-1] for at in said_by)
    said = _probabilities(slope * guessed + offset)[recent.certain]
    came = recent.liked[recent.certain]
    left = int((known.certain & ~known.liked).sum())
    return Judge(
        count=int(known.certain.sum()),
        honest=left >= _LEAST_LEFT and 2 * left >= int((known.certain & known.liked).sum()),
        scale=common,
        weights=slope * column,
        bias=float(slope * bias + offset),
        memory=memory,
        auc=logistic.auc(said, came),
        error=logistic.calibration_error(said, came),
        told=tuple(zip(said.tolist(), came.tolist(), strict=True)),
        views=tuple(View(float(shares[at]), turns[at], found[at]) for at in said_by),
    )


def _fitted(rows: Array, known: _Known, weights: Array, strength: float) -> Posterior:
    strong = weights > _FAINT
    return logistic.fit(rows[strong], known.liked[strong], weights[strong], strength)


def _lent(rows: Array, known: _Known, strength: float) -> float:
    """How much a judgement of another studio counts: as makes the own ones most probable."""
    if known.own.all():
        return _LENT[0]
    probable: dict[float, float] = {}
    for share in _LENT:
        weights = known.lending(share).full
        both = _fitted(rows, known, weights, strength).evidence
        alone = _fitted(rows, known, weights * ~known.own, strength).evidence if share else 0.0
        probable[share] = both - alone + (0.0 if share else _MARGIN)
    return max(_LENT, key=probable.__getitem__)


def _memory(rows: Array, known: _Known, strength: float) -> float:
    """For how many others a judgement counts in full: for ever, unless taste has changed."""
    probable: dict[float, float] = {}
    for tried in _MEMORIES:
        guessed = logistic.out_of_fold(rows, known.liked, known.weights(tried), strength)
        fits = np.where(known.liked, guessed, 0) - np.logaddexp(0, guessed)
        bonus = _MARGIN if tried == np.inf else 0.0
        probable[tried] = float((known.noticed() * fits).sum()) + bonus
    return max(_MEMORIES, key=probable.__getitem__)


def _turned(common: Scale, view: Mapping[str, float], rows: Array, others: Array) -> Array:
    """From columns to a view's coordinates, (columns, d): its directions of most variance.

    PCA by a random range finder (Halko 2011), with the same random numbers every time. The mean
    square of a row's coordinates is 1.
    """
    weights = np.array([_weight(view, name) for name in common.names], np.float32)
    wide = np.concatenate([rows[-_RECENT:], others]) * weights
    wide -= wide.mean(0)
    count = min(_DIRECTIONS, *wide.shape)
    random = np.random.default_rng(0)
    probes = random.normal(size=(wide.shape[1], count + _OVERSAMPLED)).astype(np.float32)
    for _ in range(_ROUNDS):
        probes, _r = np.linalg.qr(wide.T @ (wide @ probes))
    _, _, turned = np.linalg.svd(wide @ probes, full_matrices=False)
    directions = probes @ turned.T[:, :count]
    spread = np.sqrt(((wide @ directions) ** 2).sum(1).mean())
    turn: Array = weights[:, None] * directions / max(float(spread), 1e-6)
    return turn


def _weight(view: Mapping[str, float], kind: str) -> float:
    return view.get(scale.part(kind), view.get(scale.family(kind), 0.0))
