"""Logistic regression: what it learns, how sure it is, and its figures."""

from __future__ import annotations

import numpy as np
import pytest

from hotfolder.taste import logistic


def _rows(count: int, width: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width)) / np.sqrt(width)


def test_it_finds_the_direction_that_was_liked() -> None:
    """What is liked by one number alone is learned as that number's weight."""
    rows = _rows(300)
    posterior = logistic.fit(rows, rows[:, 1] > 0, np.ones(300), 8.0)
    assert np.argmax(np.abs(posterior.mean[:-1])) == 1
    assert logistic.auc(posterior.logits(_rows(200, seed=1)), _rows(200, seed=1)[:, 1] > 0) > 0.97


def test_more_judgements_make_it_surer() -> None:
    """Weights that are drawn from the posterior spread less after more judgements."""

    def spread(count: int) -> float:
        rows = _rows(count)
        posterior = logistic.fit(rows, rows[:, 0] > 0, np.ones(count), 8.0)
        normals = np.random.default_rng(2).normal(size=(200, 5))
        return float(np.std([posterior.sampled(n)[1] for n in normals]))

    assert spread(400) < 0.7 * spread(20)


def test_a_weight_counts_like_so_many_judgements() -> None:
    """Twice the same judgement is one of weight two."""
    rows, liked = _rows(30), _rows(30)[:, 0] > 0
    twice = logistic.fit(np.tile(rows, (2, 1)), np.tile(liked, 2), np.ones(60), 8.0)
    double = logistic.fit(rows, liked, np.full(30, 2.0), 8.0)
    assert np.allclose(twice.mean, double.mean, atol=1e-3)


@pytest.mark.parametrize("liked", [True, False])
def test_judgements_that_all_say_the_same_are_no_trouble(liked: bool) -> None:
    """It learns how often something is liked, and no direction."""
    rows = _rows(20)
    rows -= rows.mean(0)
    posterior = logistic.fit(rows, np.full(20, liked), np.ones(20), 8.0)
    assert (posterior.logits(rows) > 0).all() == liked
    assert np.isfinite(posterior.evidence)


def test_calibration_takes_back_what_was_said_too_loudly() -> None:
    """Log odds three times too large get a slope of about a third."""
    random = np.random.default_rng(3)
    honest = random.normal(size=2000) * 1.5
    liked = random.random(2000) < logistic.sigmoid(honest)
    slope, offset = logistic.calibrated(3 * honest, liked, np.ones(2000))
    assert slope == pytest.approx(1 / 3, abs=0.05)
    assert offset == pytest.approx(0, abs=0.15)
    said = logistic.sigmoid(slope * 3 * honest + offset)
    assert logistic.calibration_error(said, liked) < 0.03


def test_auc_counts_pairs() -> None:
    """It is the share of pairs in the right order, half of those that are even; NaN without any."""
    liked = np.array([True, True, False, False])
    assert logistic.auc(np.array([3.0, 1.0, 2.0, 0.0]), liked) == 0.75
    assert logistic.auc(np.zeros(4), liked) == 0.5
    assert np.isnan(logistic.auc(np.zeros(4), np.ones(4, bool)))


def test_nothing_random() -> None:
    """The same rows give the same strength and the same guesses."""
    rows, weights = _rows(60), np.ones(60)
    liked = rows[:, 0] > 0.2
    strengths = {logistic.best_strength(rows, liked, weights) for _ in range(2)}
    assert len(strengths) == 1
    first, second = (logistic.out_of_fold(rows, liked, weights, 8.0) for _ in range(2))
    assert (first == second).all()
