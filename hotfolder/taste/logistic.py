"""Bayesian logistic regression by Laplace's approximation, in few dimensions (MacKay 1992).

Inputs are rows whose mean square norm is about 1, so one number says how strong a taste may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

STRENGTHS = (0.5, 2.0, 8.0, 32.0, 128.0)
_USUAL = 8.0
_BIAS_VARIANCE = 4.0
_ITERATIONS = 25
_CLOSE = 1e-4
_LEAST_SLOPE = 0.1  # few judgements may speak against an order, never enough to turn it round


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of the weights: `mean`, float64 (d + 1), the bias last, and its `chol`.

    `chol` is the lower Cholesky factor of the precision, and `evidence` the log probability of the
    judgements under this `strength`.
    """

    mean: Array
    chol: Array
    evidence: float
    strength: float

    def logits(self, rows: Array) -> Array:
        """The log odds of rows (n, d) at the most probable weights."""
        logits: Array = rows @ self.mean[:-1] + self.mean[-1]
        return logits

    def sampled(self, normals: Array) -> Array:
        """Weights drawn from the posterior, for standard normal numbers (d + 1)."""
        drawn: Array = self.mean + np.linalg.solve(self.chol.T, normals)
        return drawn


def sigmoid(logits: Array) -> Array:
    """The probability of log odds."""
    probability: Array = 1.0 / (1.0 + np.exp(-np.clip(logits, -40, 40)))
    return probability


def fit(rows: Array, liked: Array, weights: Array, strength: float) -> Posterior:
    """The posterior for rows (n, d), whether each was liked (n, bool), and how much each counts."""
    count, width = rows.shape
    z = np.column_stack([rows, np.ones(count)])
    prior = np.append(np.full(width, width / strength), 1.0 / _BIAS_VARIANCE)
    target, base = liked.astype(float), np.zeros(count)
    w = _maximum(z, target, weights, prior, base)
    p = sigmoid(z @ w)
    chol = np.linalg.cholesky(_precision(z, weights * p * (1 - p), prior))
    value = _objective(z, target, weights, prior, base, w)
    evidence = value + 0.5 * np.log(prior).sum() - np.log(np.diag(chol)).sum()
    return Posterior(w, chol, float(evidence), strength)


def best_strength(rows: Array, liked: Array, weights: Array) -> float:
    """The strength under which the judgements are most probable, a little against extremes."""

    def probability(strength: float) -> float:
        against = 0.5 * (np.log(strength / _USUAL) / 2) ** 2
        return float(fit(rows, liked, weights, strength).evidence - against)

    return max(STRENGTHS, key=probability)


def out_of_fold(
    rows: Array, liked: Array, weights: Array, strength: float, folds: int = 5
) -> Array:
    """The log odds of each row by a fit that did not know it, float64 (n)."""
    logits, fold = np.zeros(len(rows)), np.arange(len(rows)) % folds
    for held in range(min(folds, len(rows))):
        known = fold != held
        posterior = fit(rows[known], liked[known], weights[known], strength)
        logits[~known] = posterior.logits(rows[~known])
    return logits


def calibrated(logits: Array, liked: Array, weights: Array) -> tuple[float, float]:
    """Slope and offset that make log odds honest (Platt 1999), slopes near 1 preferred a little."""
    rows = np.column_stack([logits, np.ones(len(logits))])
    target, usual, prior = liked.astype(float), np.array([1.0, 0.0]), np.array([1.0, 0.05])
    # The weights of a fit are looked for as what they differ from the usual ones by.
    found = _maximum(rows, target, weights, prior, base=rows @ usual) + usual
    return max(float(found[0]), _LEAST_SLOPE), float(found[1])


def auc(scores: Array, liked: Array) -> float:
    """How often a liked row has the higher score of two: 0.5 by chance, NaN where all are alike."""
    ordered = np.sort(scores)
    ranks = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    many = int(liked.sum())
    few = len(liked) - many
    if not many or not few:
        return float("nan")
    return float((((ranks[liked] + 1) / 2).sum() - many * (many + 1) / 2) / (many * few))


def calibration_error(probabilities: Array, liked: Array, bins: int = 10) -> float:
    """The mean distance between what was said and what came, in so many equal steps (ECE)."""
    step = np.minimum((probabilities * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(probabilities[step == b].mean() - liked[step == b].mean()) * (step == b).mean()
            for b in set(step.tolist())
        )
    )


def _maximum(z: Array, target: Array, weights: Array, prior: Array, base: Array) -> Array:
    """The most probable weights (d) for rows (n, d), beside log odds that are given, by Newton."""
    w = np.zeros(z.shape[1])
    value = _objective(z, target, weights, prior, base, w)
    for _ in range(_ITERATIONS):
        p = sigmoid(base + z @ w)
        slope = z.T @ (weights * (target - p)) - prior * w
        step = np.linalg.solve(_precision(z, weights * p * (1 - p), prior), slope)
        while (better := _objective(z, target, weights, prior, base, w + step)) < value:
            step = step / 2  # a full step may lead too far
            if np.abs(step).max() < _CLOSE:
                return w
        w, value = w + step, better
        if np.abs(step).max() < _CLOSE:
            break
    return w


def _objective(
    z: Array, target: Array, weights: Array, prior: Array, base: Array, w: Array
) -> float:
    logits = base + z @ w
    fits = weights * (target * logits - np.logaddexp(0, logits))
    return float(fits.sum() - 0.5 * (prior * w * w).sum())


def _precision(z: Array, curvature: Array, prior: Array) -> Array:
    precision: Array = (z * curvature[:, None]).T @ z + np.diag(prior)
    return precision
