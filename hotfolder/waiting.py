"""What a daemon waits for when there is nothing to do, and what it does only now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Event = Literal[
    "a look everywhere",
    "a file that settles or is read",
    "another try at a file",
    "a look at what is being made",
    "a device that rests",
    "a model that is fetched",
    "the limit of refinements",
    "a word of the other machines",
    "room on the disk",
    "the model's unloading",
    "the next post for `hotfolder status`",
    "the end of the run",
]


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause of `seconds` until an event of which comes no notice; any notice ends it sooner."""

    seconds: float
    event: Event


def until(moments: Iterable[float], now: float, event: Event) -> Iterator[Wait]:
    """Pauses until `moments`; none until one that is past, since its turn has come."""
    return (Wait(moment - now, event) for moment in moments if moment > now)


class Sparingly:
    """Does something only so often that it takes a twentieth of the time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._again_at = float("-inf")
        self._is_owed = False

    def do(self, what: Callable[[], None]) -> None:
        """Do it now, or leave it for later."""
        began = self._clock()
        self._is_owed = began < self._again_at
        if not self._is_owed:
            what()
            ended = self._clock()
            self._again_at = ended + 19 * (ended - began)

    def owed_in_s(self) -> float | None:
        """Seconds until it may be done that was left for later; None if nothing was."""
        return self._again_at - self._clock() if self._is_owed else None


def soonest(waits: Iterable[Wait]) -> Wait:
    """The wait that ends first: what comes after it is looked at again then."""
    return min(waits, key=lambda wait: wait.seconds)
