"""Which pictures are in the making on which slot, and which slots rest. Time is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hotfolder import pace
from hotfolder.backoff import Backoff
from hotfolder.errors import printable
from hotfolder.executors.orders import Joined, Raster
from hotfolder.jobs import Encode, RenderDraft, Work
from hotfolder.pace import Paces
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.settings import Settings

_TRIES = 3
Fits = Callable[[Joined], bool]
"""Whether a picture fits into the memory of a slot."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one job, with its source picture, and the settings that held when it began.

    `task` is the number of the first attempt of those that are drawn together.
    """

    number: int
    task: int
    job: Work
    source: Raster | None
    settings: Settings


class Slots:
    """The slots of an executor. On one may be drafts and, above them, a refinement.

    A slot whose device or worker has failed rests, longer each time until it has made a picture.
    `paces` tells how fast each is, and `staff` the same in words: each slot's computer, device and
    speed by its name; "" before its first picture here.
    """

    def __init__(self) -> None:
        self.paces = Paces()
        self.staff: dict[str, str] = {}
        self._slots: dict[int, list[Attempt]] = {}  # what was interrupted lies below
        self._places: dict[int, int] = {}  # the slot of each attempt
        self._joined: dict[int, Joined] = {}
        self._devices: dict[int, str] = {}
        self._paused: set[int] = set()
        self._cancelled: set[int] = set()
        self._resting = Backoff()

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Attempt]:
        """All attempts."""
        for attempts in self._slots.values():
            yield from attempts

    @property
    def numbers(self) -> tuple[int, ...]:
        """Those of the slots that are there."""
        return tuple(self._slots)

    def open(self, count: int) -> None:
        """There are so many slots from now on."""
        self._slots |= {slot: [] for slot in range(count)}
        self.staff |= {name(slot): "" for slot in range(count)}

    def join(self, joined: Joined) -> None:
        """Another slot is there from now on."""
        self._slots[joined.slot] = []
        self._joined[joined.slot] = joined
        self._tell_of(joined.slot)

    def leave(self, slot: int) -> list[Attempt]:
        """A slot is gone; the attempts that go with it."""
        self._joined.pop(slot, None)
        self.staff.pop(name(slot), None)
        self._paused.discard(slot)
        self._resting.end(name(slot))
        self.paces.forget(slot)
        lost = self._slots.pop(slot, [])
        for attempt in lost:
            del self._places[attempt.number]
        self._cancelled -= {attempt.task for attempt in lost}
        return lost

    def where(self, slot: int) -> str:
        """The computer of a slot; "" for the daemon's own."""
        return self._joined[slot].where if slot in self._joined else ""

    def made(self, slot: int, recipe: Recipe, seconds: float, device: str) -> None:
        """A slot has made a picture on a device in so many seconds."""
        self.paces.made(slot, recipe, seconds)
        self._devices[slot] = device
        self._tell_of(slot)

    def _tell_of(self, slot: int) -> None:
        device = self._joined[slot].device if slot in self._joined else self._devices.get(slot, "")
        said = (self.where(slot), device, self.paces.of(slot).told)
        self.staff[name(slot)] = printable(", ".join(filter(None, said)))

    def put(self, slot: int, attempts: list[Attempt], now_s: float = 0.0) -> None:
        """Attempts begin on a slot, in one task; what is there is interrupted."""
        self._slots[slot].extend(attempts)
        self._places |= {attempt.number: slot for attempt in attempts}
        self._paused.discard(slot)
        self.paces.begin(slot, [attempt.job.recipe for attempt in attempts], now_s)

    def take(self, number: int) -> tuple[int, Attempt, bool]:
        """Take an attempt off: its slot, and whether it was the last of its task.

        What its task interrupted stays paused.
        """
        slot = self._places.pop(number)
        attempts = self._slots[slot]
        attempt = next(one for one in attempts if one.number == number)
        attempts.remove(attempt)
        is_last = all(other.task != attempt.task for other in attempts)
        if is_last:
            self._cancelled.discard(attempt.task)
            if any(other.task < attempt.task for other in attempts):
                self._paused.add(slot)
        return slot, attempt, is_last

    def free_for(
        self,
        job: Work,
        now_s: float,
        fits: Fits | None = None,
        wanted: Callable[[], float] = lambda: 1.0,
    ) -> int | None:
        """A slot where a job can begin: a free one, or for a refinement one with drafts on it.

        The one where it ends first. A refinement goes where it `fits`, if there is such a slot. A
        draft does not begin on a slow slot if a fast one ends all that are `wanted` sooner.
        """
        resting = self._resting.waiting(now_s)
        sound = [slot for slot in self._slots if not resting or name(slot) not in resting]
        if isinstance(job, RenderDraft | Encode):
            free = [slot for slot in sound if not self._slots[slot]]
            if len(free) < 2 and len(sound) < 2:
                return next(iter(free), None)
            return pace.first(self.paces, job.recipe, free, sound, now_s, wanted)
        if fits is not None:
            sound = [s for s in sound if s not in self._joined or fits(self._joined[s])] or sound
        free = [slot for slot in sound if not self._slots[slot]]
        drafts = [slot for slot in sound if all(map(_is_draft, self._slots[slot]))]
        return self.paces.fastest(job.recipe, free or drafts)

    def resumed(self) -> tuple[int, ...]:
        """The slots whose drafts were interrupted, and can go on from now on."""
        paused, self._paused = tuple(self._paused), set()
        return paused

    def cancelled(self, unwanted: Callable[[Work], bool]) -> Iterator[tuple[int, int]]:
        """The slots and tasks in which something is unwanted, each once."""
        for slot, attempts in self._slots.items():
            for attempt in attempts:
                if attempt.task not in self._cancelled and unwanted(attempt.job):
                    self._cancelled.add(attempt.task)
                    yield slot, attempt.task

    def rest(self, slot: int, says: str, now_s: float) -> bool:
        """Let a slot rest that has failed; whether this is the first time in a row."""
        return self._resting.postpone(name(slot), says, now_s)

    def sound(self, slot: int) -> bool:
        """A slot has made a picture; whether it had failed before."""
        had_failed = self._resting.tries(name(slot)) > 0
        self._resting.end(name(slot))
        return had_failed

    @property
    def have_failed(self) -> bool:
        """Whether every slot has failed some times in a row."""
        tries = [self._resting.tries(name(slot)) for slot in self._slots]
        return bool(tries) and min(tries) >= _TRIES

    def troubles(self) -> Mapping[str, str]:
        """What is wrong with each slot that has failed and made no picture since."""
        return self._resting.reasons()

    def back_at(self) -> list[float]:
        """When slots that rest are tried again."""
        return self._resting.ends_at()


def name(slot: int) -> str:
    """What an owner reads of a slot."""
    return f"renderer {slot + 1}"


def _is_draft(attempt: Attempt) -> bool:
    return isinstance(attempt.job, RenderDraft | Encode)
