"""How is learned: everything but the pictures that decides the bits of a LoRA. Pure."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from msgspec import Meta, Struct

Method = Literal["preference", "picks"]

_BATCH = 16
_EPOCHS = 5
_LEAST_STEPS, _MOST_STEPS = 80, 600
_LEARNING_RATE, _AT_WIDTH = 2.5e-4, 1280  # of Stable Diffusion's widest layers
_STRENGTH = 3.0  # at 4 horizons moved by more than a standard deviation, and some moons went


class Course(Struct, frozen=True):
    """The settings of one training; the defaults suit a few dozen to a few hundred pictures.

    `rank` is that of the LoRA. `learning_rate` rises for `warm_up` steps, then falls along a
    cosine. `batch` pictures make a step, of which `together` are computed at once. `method`: from
    likes and dislikes, or from likes alone. `strength` says how far what is learned leads away from
    the model. `check_every` steps the held-out pictures are asked; when `patience` checks in a row
    were no better, it ends.
    """

    seed: Annotated[int, Meta(ge=0, lt=2**63)]
    steps: Annotated[int, Meta(ge=1)]
    learning_rate: float
    strength: float
    method: Method = "preference"
    rank: Annotated[int, Meta(ge=1, le=256)] = 16
    batch: Annotated[int, Meta(ge=1)] = _BATCH
    together: Annotated[int, Meta(ge=1)] = _BATCH
    warm_up: int = 20
    check_every: int = 20
    patience: int = 4
    threads: int = 1

    def rate(self, step: int) -> float:
        """The learning rate at a step, from 0."""
        rising = min(1.0, (step + 1) / max(1, self.warm_up))
        return self.learning_rate * rising * (1 + math.cos(math.pi * step / self.steps)) / 2


def plan(
    pictures: int, width: int, seed: int, threads: int, method: Method = "preference"
) -> Course:
    """A course for so many pictures, for a denoiser whose widest layer has `width` numbers.

    A layer of half the width takes twice the learning rate (Yang 2022, "Tensor Programs V").
    """
    steps = min(_MOST_STEPS, max(_LEAST_STEPS, _EPOCHS * pictures // _BATCH))
    rate = _LEARNING_RATE * _AT_WIDTH / width
    strength = _STRENGTH if method == "preference" else 1.0
    return Course(seed, steps, rate, strength, method, threads=threads)
