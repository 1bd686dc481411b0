"""What goes wrong with jobs: which wait, how often each was tried, and what is set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress

from hotfolder.backoff import LONGEST_PAUSE_S, Backoff
from hotfolder.errors import (
    DeviceLostError,
    HotfolderError,
    ModelMissingError,
    PictureError,
    RenderError,
    StudioMissingError,
    printable,
    reason,
)
from hotfolder.jobs import (
    Encode,
    Job,
    Locate,
    RenderDraft,
    RenderFinal,
    SetAside,
    TryAgain,
    Work,
)
from hotfolder.report.progress import Progress
from hotfolder.studio import entries
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.waiting import Wait, until

_log = logging.getLogger(__name__)
_ATTEMPTS = 3


class Setbacks:
    """Sees to it that what goes wrong with one job never stops the others.

    `failures` counts what was set aside or had to wait.
    """

    def __init__(
        self, studio: Studio, scanner: Scanner, progress: Progress, clock: Callable[[], float]
    ) -> None:
        self.failures = 0
        self._studio = studio
        self._scanner = scanner
        self._progress = progress
        self._clock = clock
        self._attempts: dict[tuple[str, int], int] = {}
        self._backoff = Backoff()

    def cope(self, job: Job, error: Exception) -> SetAside | None:
        """Let a job wait, or give it up; what has to be set aside for that, if anything."""
        if isinstance(job, Encode):  # nobody asked for it: taste goes by the pixels
            _log.info("%s is not shown to the model: %s", printable(job.path), error)
            return None
        if isinstance(error, RenderError | PictureError):
            return self._give_up(job, str(error), isinstance(error, ModelMissingError))
        if isinstance(error, StudioMissingError):
            return None  # the next turn says so
        if isinstance(error, DeviceLostError):
            self.failures += 1  # it goes to another slot, or waits for one
        elif isinstance(error, OSError):
            if self.lies_there(job):
                self._postpone(job, reason(error), self.longest_pause_s())
            else:  # taken away meanwhile
                with suppress(StudioMissingError):
                    self._scanner.refresh({job.path})
                if isinstance(job, TryAgain):
                    self._scanner.put_back(job.path)
        else:
            _log.error("unexpected trouble with %s", printable(job.path), exc_info=error)
            if self._tries(job) >= _ATTEMPTS:
                named = "" if isinstance(error, HotfolderError) else f"{type(error).__name__}: "
                return self._give_up(job, f"it failed {_ATTEMPTS} times ({named}{error})")
        return None

    def over(self, job: Job) -> None:
        """A job was done."""
        self._backoff.end(job.path)

    def must_wait(self, job: Job) -> bool:
        """Whether a job failed a moment ago."""
        return self._backoff.has(job.path, self._clock())

    def forget_past(self, asked_at: float, tried: Container[str]) -> None:
        """Forget files whose time had come when jobs were asked for, and that none was for.

        Not those that are `tried` at this moment.
        """
        self._backoff.forget_past(asked_at, tried)

    def waits(self, now: float) -> Iterator[Wait]:
        """Until files that wait may be tried again."""
        return until(self._backoff.ends_at(), now, "another try at a file")

    def reasons(self) -> Mapping[str, str]:
        """What each file waits for."""
        return self._backoff.reasons()

    def lies_there(self, job: Job) -> bool:
        """Whether the file of a job may still be there, as far as can be told."""
        try:
            entries.lstat(str(self._studio.root / job.path))
        except OSError as error:
            return not isinstance(error, FileNotFoundError)
        return True

    def longest_pause_s(self) -> float:
        """How long it may take until a disk is tried again that was full or failed."""
        return min(LONGEST_PAUSE_S, self._scanner.config.settings.look_seconds)

    def _tries(self, job: Job) -> int:
        """How often this job was tried in vain, this time included."""
        wanted = (job.path, job.ordinal if isinstance(job, Work) else 0)
        self._attempts[wanted] = self._attempts.get(wanted, 0) + 1
        return self._attempts[wanted]

    def _give_up(self, job: Job, says: str, lacks: bool = False) -> SetAside | None:
        """Say what a job was for, and why it is not done, where its owner will see it."""
        if isinstance(job, RenderDraft):
            # Else another draft's failure was first.
            aside = SetAside(job.path, says, job.beside, lacks=lacks)
            return aside if self.lies_there(job) else None
        if isinstance(job, RenderFinal | Locate):
            self._scanner.give_up(job.path, says)
        else:
            self._postpone(job, says)
        return None

    def _postpone(self, job: Job, says: str, longest_s: float = LONGEST_PAUSE_S) -> None:
        """Let other jobs go first: longer each time, until it works."""
        if self._backoff.postpone(job.path, says, self._clock(), longest_s):
            self.failures += 1
            self._progress.warn(f"{printable(job.path)} has to wait: {says}")
