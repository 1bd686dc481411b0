"""Which pictures are in the making on which slot, and which slots rest. Time is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hotfolder.backoff import Backoff
from hotfolder.executors.orders import Raster
from hotfolder.jobs import RenderDraft, Work
from hotfolder.recipes.settings import Settings

_TRIES = 3


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
    """

    def __init__(self) -> None:
        self._slots: list[list[Attempt]] = []  # what was interrupted lies below
        self._paused: set[int] = set()
        self._cancelled: set[int] = set()
        self._resting = Backoff()

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Attempt]:
        """All attempts."""
        for attempts in self._slots:
            yield from attempts

    def open(self, count: int) -> None:
        """There are so many slots from now on."""
        self._slots = [[] for _ in range(count)]

    def put(self, slot: int, attempts: list[Attempt]) -> None:
        """Attempts begin on a slot, in one task; what is there is interrupted."""
        self._slots[slot].extend(attempts)
        self._paused.discard(slot)

    def take(self, number: int) -> tuple[int, Attempt, bool]:
        """Take an attempt off: its slot, and whether it was the last of its task.

        What its task interrupted stays paused.
        """
        for slot, attempts in enumerate(self._slots):
            for attempt in attempts:
                if attempt.number == number:
                    attempts.remove(attempt)
                    is_last = all(other.task != attempt.task for other in attempts)
                    if is_last:
                        self._cancelled.discard(attempt.task)
                        if any(other.task < attempt.task for other in attempts):
                            self._paused.add(slot)
                    return slot, attempt, is_last
        raise KeyError(number)

    def free_for(self, job: Work, now_s: float) -> int | None:
        """A slot where a job can begin: a free one, or for a refinement one with drafts on it."""
        sound = [
            (slot, attempts)
            for slot, attempts in enumerate(self._slots)
            if not self._resting.has(name(slot), now_s)
        ]
        free = (slot for slot, attempts in sound if not attempts)
        drafts = (slot for slot, attempts in sound if all(map(_is_draft, attempts)))
        return next(free, None if isinstance(job, RenderDraft) else next(drafts, None))

    def resumed(self) -> tuple[int, ...]:
        """The slots whose drafts were interrupted, and can go on from now on."""
        paused, self._paused = tuple(self._paused), set()
        return paused

    def cancelled(self, unwanted: Callable[[Work], bool]) -> Iterator[tuple[int, int]]:
        """The slots and tasks in which something is unwanted, each once."""
        for slot, attempts in enumerate(self._slots):
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
        slots = range(len(self._slots))
        return bool(slots) and all(self._resting.tries(name(slot)) >= _TRIES for slot in slots)

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
    return isinstance(attempt.job, RenderDraft)
