"""Of which pictures is learned, and what each is good for. Pure: no file, no clock, no chance."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hotfolder.taste.judgements import Judgement

Array = np.ndarray[Any, np.dtype[Any]]

LEAST = 20
"""Picks below which nothing is learned but those pictures themselves."""
_HELD_OUT = 0.15  # of all prompts
_GUESS = 0.2  # what a draft counts that was probably looked at and left
_DRAWS = 400  # of signs, to know what chance makes of a side
_SURE = 0.02
_SIDES = re.compile(
    r"\b(left|right|leftmost|rightmost|left-hand|right-hand|clockwise|anticlockwise|"
    r"counterclockwise|mirrored|east|west|eastern|western|text|letters|lettering|words?|"
    r"writing|written|sign|signs|logo|caption|title|numbers?|clock|map)\b"
    r"|[\"“«„].+[\"”»“]|[左右]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Example:
    """One picture to learn from: what makes it the same one, its prompt, what was said of it.

    `weight` is how much that counts, above 0. `turns`: its prompt does not speak of sides, so it
    may be mirrored and cropped. `mirrored`: its mirror image is meant.
    """

    picture: str
    prompt: str
    liked: bool
    weight: float = 1.0
    turns: bool = True
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """What is learned from, and what is only asked afterwards whether it was learned.

    No prompt is in both.
    """

    learned: tuple[Example, ...]
    held_out: tuple[Example, ...]


def examples(judgements: Iterable[Judgement], prompts: dict[str, str]) -> list[Example]:
    """The pictures of these judgements whose prompts are known, in the order of their keys.

    Picks and stars are likes. Rejected, seen and probably seen pictures are dislikes.
    """
    found = []
    for judgement in judgements:
        prompt = prompts.get(judgement.picture)
        if prompt is None or judgement.weight <= 0:
            continue
        weight = min(judgement.weight, 1.0) if judgement.certain else _GUESS
        found.append(
            Example(judgement.picture, prompt, judgement.liked, weight, not speaks_of_sides(prompt))
        )
    return sorted(found, key=lambda example: example.picture)


def speaks_of_sides(prompt: str) -> bool:
    """Whether a picture of this prompt, mirrored or cropped, may be no picture of it any more."""
    return _SIDES.search(prompt) is not None


def split(chosen: Sequence[Example], seed: int) -> Split:
    """About a seventh of the prompts is held out, the same for the same seed; at least one each."""
    prompts = sorted({e.prompt for e in chosen}, key=lambda prompt: _draw(prompt, seed))
    few = max(1, round(len(prompts) * _HELD_OUT)) if len(prompts) > 1 else 0
    held = set(prompts[:few])
    return Split(
        tuple(e for e in chosen if e.prompt not in held),
        tuple(e for e in chosen if e.prompt in held),
    )


def too_few(chosen: Sequence[Example]) -> str:
    """Why nothing is learned from so little, and what would help; "" for enough."""
    likes = sum(example.liked for example in chosen)
    if likes >= LEAST:
        return ""
    return (
        f"{likes} picked picture{'' if likes == 1 else 's'} of this model so far, and at least "
        f"{LEAST} are needed; from fewer the model would learn those pictures instead of what you "
        "like about them. Move drafts to seeds/ or give them stars"
    )


def opposites(chosen: Iterable[Example]) -> list[Example]:
    """The mirror images of likes, as dislikes: so they are for those who care for sides.

    Nothing tells such a pair apart but its sides.
    """
    likes = [one for one in chosen if one.liked and one.turns]
    return [replace(one, liked=False, mirrored=True) for one in likes]


def prefers_a_side(shown: Sequence[Array], liked: Sequence[bool]) -> bool:
    """Whether likes differ from dislikes in what mirroring changes: then nothing is mirrored.

    `shown` are small grey pictures, (side, side). What is left of a picture when its mirror image
    is taken away has no favourite sign in those who do not care for sides. How far the means of
    likes and dislikes are apart is compared with what random signs make of it (a sign-flip test).
    """
    marks = np.array(liked)
    if not marks.any() or marks.all():
        return False
    odd = np.stack([_smooth(one - one[:, ::-1]) for one in shown]).reshape(len(shown), -1)
    sign = np.where(marks, 1.0 / marks.sum(), -1.0 / (~marks).sum())
    random = np.random.default_rng(0)
    chance = random.choice((-1.0, 1.0), size=(_DRAWS, len(shown)))
    norms = np.square((chance * sign) @ odd).sum(1)
    found = np.square(sign @ odd).sum()
    return bool((norms >= found).mean() < _SURE)


def _smooth(one: Array) -> Array:
    """Means of squares of 4x4, each picture's scaled to the same contrast."""
    side = len(one) // 4
    small = one.reshape(side, 4, side, 4).mean((1, 3))
    scaled: Array = small / (np.sqrt(np.square(small).mean()) + 1e-6)
    return scaled


def _draw(prompt: str, seed: int) -> bytes:
    """A number that follows from a prompt and a seed, to order by."""
    return hashlib.sha256(f"{seed}\n{prompt}".encode("utf-8", "surrogatepass")).digest()
