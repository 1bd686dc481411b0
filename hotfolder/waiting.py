"""What a daemon waits for when there is nothing to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Event = Literal[
    "a look everywhere",
    "a file that settles or is read",
    "another try at a file",
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


def soonest(waits: Iterable[Wait]) -> Wait:
    """The wait that ends first: what comes after it is looked at again then."""
    return min(waits, key=lambda wait: wait.seconds)
