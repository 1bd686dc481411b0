"""How fast each slot renders, and where a picture would be done first. Time is passed in; pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hotfolder.recipes.recipe import Recipe, chain

_NEW = 0.3  # how much the latest picture counts
_TRUSTED = 3.0  # times the usual: what takes longer may never end, and is not waited for
_MOST_PLACED = 1000  # drafts that are laid out in thought before one begins anywhere


@dataclass(frozen=True, slots=True)
class Pace:
    """What a slot has done: how many pictures, and the seconds for a megapixel and step.

    `draft_s` and `final_s` are what the latest of each have taken, on the average; 0: none yet.
    """

    pictures: int = 0
    unit_s: float = 0.0
    draft_s: float = 0.0
    final_s: float = 0.0

    @property
    def told(self) -> str:
        """The speed in words: "2.1 s a draft, 8.4 s a final"; "" before the first picture."""
        each = ((self.draft_s, "draft"), (self.final_s, "final"))
        return ", ".join(f"{seconds:.2g} s a {what}" for seconds, what in each if seconds)


class Paces:
    """The paces of slots, measured by the pictures that they made."""

    def __init__(self) -> None:
        self._paces: dict[int, Pace] = {}
        self._ends: dict[int, tuple[float, float]] = {}

    def of(self, slot: int) -> Pace:
        """How fast a slot is."""
        return self._paces.get(slot, Pace())

    def begin(self, slot: int, recipes: Sequence[Recipe], now_s: float) -> None:
        """A slot begins with pictures."""
        if unit_s := self.of(slot).unit_s:
            takes_s = unit_s * sum(map(work, recipes))
            self._ends[slot] = now_s + takes_s, now_s + _TRUSTED * takes_s

    def made(self, slot: int, recipe: Recipe, seconds: float) -> None:
        """A slot has made a picture, all its links together in so many seconds."""
        before, unit_s = self.of(slot), seconds / work(recipe)
        draft_s, final_s = before.draft_s, before.final_s
        if recipe.source is None:
            draft_s = _mean(draft_s, seconds)
        else:
            final_s = _mean(final_s, seconds)
        mean = _mean(before.unit_s, unit_s)
        self._paces[slot] = Pace(before.pictures + 1, mean, draft_s, final_s)

    def forget(self, slot: int) -> None:
        """A slot is gone."""
        self._paces.pop(slot, None)
        self._ends.pop(slot, None)

    def times(self, recipe: Recipe) -> Callable[[int], float]:
        """How long each slot takes for a picture, in s; one that has made none is tried: 0."""
        wanted = work(recipe)
        return lambda slot: self.of(slot).unit_s * wanted

    def busy_s(self, slot: int, now_s: float) -> float:
        """For how long a slot still makes what it has begun; inf where nobody knows."""
        end, trusted = self._ends.get(slot, (math.inf, 0.0))
        return max(0.0, end - now_s) if now_s < trusted else math.inf

    def fastest(self, recipe: Recipe, slots: Iterable[int]) -> int | None:
        """The slot that makes a picture in the shortest time; the first of equal ones."""
        return min(slots, key=self.times(recipe), default=None)


def first(
    paces: Paces,
    recipe: Recipe,
    free: Sequence[int],
    sound: Sequence[int],
    now_s: float,
    wanted: Callable[[], float],
) -> int | None:
    """The slot of those that are `free` where a draft is to begin now; None: it waits.

    As many drafts as are `wanted` are laid out in thought, each where it ends first: on a `sound`
    slot that is free or will be. If the slow slots get none of them, they are left alone.
    """
    best = paces.fastest(recipe, free)
    if best is None:
        return None
    times, waiting = paces.times(recipe), set(free)
    takes = {slot: times(slot) for slot in sound}
    ends = {slot: 0.0 if slot in waiting else paces.busy_s(slot, now_s) for slot in sound}
    if all(ends[slot] + takes[slot] >= takes[best] for slot in sound):
        return best
    count = wanted()
    if count >= _MOST_PLACED:
        return best
    for _ in range(int(count)):
        slot = min(sound, key=lambda slot: ends[slot] + takes[slot])
        if slot in waiting:
            return best
        ends[slot] += takes[slot]
    return None


def work(recipe: Recipe) -> float:
    """How much there is to do for a picture: steps times megapixels, of all links."""
    total = 0.0
    for link in chain(recipe):
        steps = link.steps if link.source is None else link.steps * (link.strength or 0)
        total += max(1.0, steps) * link.width * link.height / 1e6
    return total


def _mean(before: float, new: float) -> float:
    return new if not before else (1 - _NEW) * before + _NEW * new
