"""Simulated pictures and owners: features that follow from a few hidden facts of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hotfolder.taste.features import Features, pack
from hotfolder.taste.judgements import How, Judgement

_SUBJECTS = ("castle", "boat", "tree", "mill")
_HOURS = ("at night", "by day", "at sunset")


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture's hidden facts: what is asked for, and where chance has put it (-1 to 1)."""

    subject: str
    hour: str
    left: float
    features: Features


def scenes(count: int, seed: int = 0) -> list[Scene]:
    """So many pictures; the same for the same seed."""
    random = np.random.default_rng(seed)
    maps = np.random.default_rng(99).normal(size=(8, 60))
    made = []
    for number in range(count):
        subject, hour = str(random.choice(_SUBJECTS)), str(random.choice(_HOURS))
        left = float(random.uniform(-1, 1))
        facts = [subject == name for name in _SUBJECTS] + [hour == name for name in _HOURS]
        seen = np.array([*facts, left], float) @ maps / 2 + random.normal(size=60) * 0.3
        place = np.array([left, *random.normal(size=5) * 0.3])
        made.append(
            Scene(
                subject,
                hour,
                left,
                Features(
                    f"{seed:02}{number:062}",
                    prompt=f"a {subject}, {hour}",
                    width=256,
                    height=256,
                    kinds={
                        "denoiser.middle 1 abcd": pack(seen),
                        "pixels.layout 1": pack(place),
                        "pixels.palette 1": pack(random.normal(size=9)),
                    },
                ),
            )
        )
    return made


def judged(
    shown: list[Scene], likes: Callable[[Scene], bool], no: How = "seen", begin: float = 0.0
) -> list[Judgement]:
    """What an owner says of pictures, one after the other."""
    return [
        Judgement(scene.features.picture, "picked" if likes(scene) else no, begin + at)
        for at, scene in enumerate(shown)
    ]


def known(shown: list[Scene]) -> dict[str, Features]:
    """The features of pictures by their keys."""
    return {scene.features.picture: scene.features for scene in shown}
