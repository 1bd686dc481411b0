"""What is known of a picture that a taste can be learned from: one frozen, versioned line each."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

Array = np.ndarray[Any, np.dtype[Any]]
Name = Annotated[str, Meta(max_length=256)]
Numbers = Annotated[bytes, Meta(max_length=4096)]

_STEPS = 32  # to the unit: one byte holds -4 to 4
KINDS_AT_MOST = 16


class Features(Struct, frozen=True, omit_defaults=True):
    """One picture's features; `picture` is what makes it the same one wherever it lies.

    `kinds` are numbers of one byte each by their kind: its name, its version and, for what a model
    thought of the picture, that model's fingerprint. Numbers of one kind can be compared, those of
    different kinds cannot. `chance` is how likely a picture of which so much was known early was to
    be completed: 0 for a draft that was given up, of which only that is known. `encoded`: the model
    has not drawn it, but was shown it later.
    """

    picture: Name
    prompt: Annotated[str, Meta(max_length=65_536)] = ""
    profile: Name = ""
    prompt_file: Name = ""
    width: Annotated[int, Meta(ge=0, le=2**20)] = 0
    height: Annotated[int, Meta(ge=0, le=2**20)] = 0
    kinds: Annotated[dict[Name, Numbers], Meta(max_length=KINDS_AT_MOST)] = {}
    chance: Annotated[float, Meta(ge=0, le=1)] = 1.0
    encoded: bool = False


def pack(numbers: Array) -> bytes:
    """Numbers from -4 to 4 as one byte each; what lies beyond is cut off."""
    steps = np.nan_to_num(np.round(np.asarray(numbers, np.float64) * _STEPS))
    return np.clip(steps, -128, 127).astype(np.int8).tobytes()


def unpack(data: bytes) -> Array:
    """The numbers that were packed, float32."""
    numbers: Array = np.frombuffer(data, np.int8).astype(np.float32) / _STEPS
    return numbers
