"""Owners with a hidden taste, what they click, and what is learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.taste import eye
from benchmarks.taste.drafts import Array, Drafts
from hotfolder.taste import judge
from hotfolder.taste.judgements import Judgement

Everyone = dict[str, dict[str, Array]]
"""Whether each draft pleases, by owners' names, by their kinds."""

ORDERS = 6  # in which an owner meets the drafts, each with wrong clicks of its own
HELD = 450  # drafts that are never judged


def owners(shown: Drafts, cache: Path) -> dict[str, dict[str, Array]]:
    """Owners by their kind and name: whether each draft pleases."""
    at = eye.told(shown.small, cache)

    def asked(key: str, *values: Any) -> Array:
        return np.array([one.get(key) in values for one in shown.told])

    def top(values: Array, share: float) -> Array:
        most: Array = values > np.quantile(values[shown.varied], 1 - share)
        return most

    hsv = [np.asarray(Image.fromarray(p).convert("HSV")).reshape(-1, 3) for p in shown.small]
    grey = [np.asarray(Image.fromarray(p).convert("L"), float) for p in shown.small]
    warm = np.array([(((p[:, 0] < 43) | (p[:, 0] > 230)) & (p[:, 1] > 70)).mean() for p in hsv])
    contrast = np.array([np.subtract(*np.percentile(p, (97, 3))) for p in grey])
    busy = np.array([(np.abs(np.diff(p, axis=0)) > 10).mean() for p in grey])
    night, sunset = asked("hour", "night"), asked("hour", "sunset", "dawn")
    castle, boat = asked("subject", "castle"), asked("subject", "boat")
    homes, boats = asked("subject", "castle", "cottage"), asked("subject", "boat", "lighthouse")
    trees, winter = asked("subject", "tree", "pines"), asked("season", "winter")
    fog, mountains = asked("weather", "fog"), asked("mountains", True)
    left, right = top(-at["subject"], 0.28), top(at["subject"], 0.28)
    low, high = top(at["horizon"], 0.25), top(-at["horizon"], 0.25)
    moon = (at["moon"] > 0.5) & night
    random = np.random.default_rng(5)
    facts = np.stack(
        [castle, boat, trees, night, sunset, winter, fog, mountains, at["subject"] * 4,
         at["horizon"] * 10, warm * 3, contrast / 60, busy * 8]
    ).astype(float)  # fmt: skip
    facts = (facts - facts.mean(1, keepdims=True)) / facts.std(1, keepdims=True)
    mixed = {f"mixed {n + 1}": top(random.normal(size=len(facts)) @ facts, 0.2) for n in range(4)}
    return {
        "a subject": {"castle": castle, "boat": boat, "trees": trees, "mountains": mountains},
        "hour and palette": {"night": night, "warm": top(warm, 0.25), "winter": winter,
                             "contrast": top(contrast, 0.22)},
        "place": {"left": left, "right": right, "low horizon": low, "high horizon": high},
        "both": {"house, night": homes & night, "boat or light, sunset": boats & sunset,
                 "moon": moon, "trees, left": trees & top(-at["subject"], 0.6)},
        "dislikes": {"no night, no fog": ~night & ~fog & ~boat, "no trees": ~(trees | sunset | fog),
                     "nothing busy": ~top(busy, 0.7), "no day": ~(asked("hour", "day") | castle)},
        "mixed": mixed,
        "none": {"no taste": random.random(len(shown.told)) < 0.2},
    }  # fmt: skip


def clicked(likes: Array, random: np.random.Generator) -> Array:
    """What an owner clicks: of what pleases a tenth is missed, and as many others are hit."""
    clicks, pleasing, others = likes.copy(), np.flatnonzero(likes), np.flatnonzero(~likes)
    wrong = round(len(pleasing) / 10)
    clicks[random.choice(pleasing, wrong, replace=False)] = False
    clicks[random.choice(others, wrong, replace=False)] = True
    return clicks


def learn(
    shown: Drafts, rows: Sequence[int], clicks: Array, others: Sequence[int]
) -> judge.Judge | None:
    """What is learned from these drafts, judged one after the other, while others lie there."""
    said = judgements(rows, clicks)
    known = {str(row): shown.features[row] for row in (*others, *rows)}
    return judge.fit(said, known)


def judgements(rows: Sequence[int], clicks: Array) -> list[Judgement]:
    return [
        Judgement(str(row), "picked" if clicks[row] else "seen", float(at))
        for at, row in enumerate(rows)
    ]


def scored(learned: judge.Judge | None, shown: Drafts, rows: Sequence[int]) -> Array:
    if learned is None:
        return np.zeros(len(rows))
    return learned.scores([shown.features[row] for row in rows])
