"""The pictures in the making: which is on which slot, and which wait to be published."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

from hotfolder import workshop
from hotfolder.errors import DeviceLostError, RenderError
from hotfolder.executors.orders import (
    Cancel,
    Cancelled,
    Done,
    Executor,
    Failed,
    GoOn,
    Hear,
    Load,
    Lost,
    Order,
    Outcome,
    Raster,
    Report,
    Stepped,
    Task,
    Unload,
)
from hotfolder.plan import Render, RenderDraft
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Model, model_name
from hotfolder.recipes.record import Record
from hotfolder.recipes.settings import Settings
from hotfolder.report.progress import Progress
from hotfolder.studio import archive, easel, local
from hotfolder.studio.layout import Studio
from hotfolder.studio.ledger import Ledger
from hotfolder.studio.names import printable

OpenExecutor = Callable[[Settings, Path, Hear], Executor]
Ended = str | Exception | None
"""Where a job's picture lies, or what went wrong; None for a job that nobody wants any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one job, with its source picture, and the settings that held when it began."""

    number: int
    job: Render
    source: Raster | None
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Opened:
    executor: Executor


@dataclass(frozen=True, slots=True)
class _Printed:
    attempt: Attempt
    outcome: Future[tuple[str, Record]]


class Renders:
    """Begins renders on an executor's slots and publishes what comes of them.

    A finished picture is encoded, hashed and written by a thread of its own while the next one
    renders; the ledger is written in the caller's thread alone. `wake` is called from other threads
    when there is something for `ended` to tell.
    """

    def __init__(
        self,
        studio: Studio,
        ledger: Ledger,
        progress: Progress,
        open_executor: OpenExecutor,
        wake: Callable[[], None],
    ) -> None:
        self._studio = studio
        self._ledger = ledger
        self._progress = progress
        self._open_executor = open_executor
        self._wake = wake
        self._states = local.folder(studio.root) / "renders"
        self._is_opening = False
        self._executor: Executor | None = None
        self._slots: list[list[Attempt]] = []  # what was interrupted lies below
        self._paused: set[int] = set()
        self._cancelled: set[int] = set()
        self._press = ThreadPoolExecutor(1, "press")
        self._printing: dict[int, Attempt] = {}
        self._numbers = itertools.count()
        self._news: SimpleQueue[Outcome | _Opened | _Printed | Exception] = SimpleQueue()
        self._owner: Owner | None = None
        self._models: dict[str, Model] = {}
        self._model_is_loaded = False

    @property
    def busy(self) -> bool:
        """Whether anything is being rendered or published."""
        return any(self._slots) or bool(self._printing)

    @property
    def paths(self) -> frozenset[str]:
        """The files whose jobs are being done."""
        attempts = itertools.chain(*self._slots, self._printing.values())
        return frozenset(attempt.job.path for attempt in attempts)

    def open(self, settings: Settings) -> None:
        """Begin to get the executor ready, which takes seconds. Until then there is no slot."""
        if not self._is_opening:
            self._is_opening = True
            threading.Thread(target=self._open, args=(settings,), name="open", daemon=True).start()

    def close(self) -> None:
        """Let go of the executor, after what has been rendered is published."""
        self._press.shutdown()
        if self._executor is not None:
            self._executor.close()

    def load(self, owner: Owner) -> None:
        """Read the model of the owner's default profile into memory, if none is there."""
        if not self._model_is_loaded and self._executor is not None:
            model = model_name(owner.profile(None).model)
            self._tell_all(Load(model, self._models_of(owner)))
            self._model_is_loaded = True

    def unload(self) -> None:
        """Free the models' memory until the next render."""
        if self._model_is_loaded and not self.busy:
            self._tell_all(Unload())
            self._model_is_loaded = False

    def slot_for(self, job: Render) -> int | None:
        """A slot where a job can begin: a free one, or for a refinement one with a draft on it.

        None as well while pictures wait to be published, so that they do not pile up.
        """
        if len(self._printing) > len(self._slots):
            return None
        free = (slot for slot, attempts in enumerate(self._slots) if not attempts)
        draft = (
            slot
            for slot, attempts in enumerate(self._slots)
            if len(attempts) == 1 and isinstance(attempts[0].job, RenderDraft)
        )
        return next(free, None if isinstance(job, RenderDraft) else next(draft, None))

    def begin(self, job: Render, slot: int, owner: Owner) -> None:
        """Begin to render on a slot.

        Raises OSError or PictureError for a bad source picture and for too much to say of it.
        """
        workshop.require_room(job, self._studio)
        source = workshop.source_of(job, self._studio)
        attempt = Attempt(next(self._numbers), job, source, owner.settings)
        state = str(self._states / f"{job.recipe.id}.safetensors")
        task = Task(attempt.number, job.recipe, self._models_of(owner), source, state)
        shown = printable(PurePosixPath(job.path).name)
        self._progress.began(f"{easel.stage(job)} for {shown}", attempt.number)
        self._ledger.history.begin(easel.stage(job), job.request, job.ordinal)
        self._slots[slot].append(attempt)
        self._paused.discard(slot)
        self._model_is_loaded = True
        self._give(slot, task)

    def forget(self) -> None:
        """Remove what was saved of renders that nobody wants any more."""
        for path in self._states.glob("*"):
            path.unlink(missing_ok=True)

    def go_on(self) -> None:
        """Let the drafts go on whose refinements are done."""
        for slot in self._paused:
            self._give(slot, GoOn())
        self._paused.clear()

    def cancel(self, unwanted: Callable[[Render], bool]) -> None:
        """End renders at their next denoising step; what is rendered already is published.

        Where their schedulers allow it they are saved, and go on when they are begun again.
        """
        for slot, attempts in enumerate(self._slots):
            for attempt in attempts:
                if attempt.number not in self._cancelled and unwanted(attempt.job):
                    self._cancelled.add(attempt.number)
                    self._give(slot, Cancel(attempt.number))

    def ended(self) -> Iterator[tuple[Render, Ended]]:
        """The jobs that have ended since the last call, and how.

        Raises what went wrong with the executor itself.
        """
        while not self._news.empty():
            news = self._news.get()
            if isinstance(news, Exception):
                raise news
            if isinstance(news, _Opened):
                self._executor = news.executor
                self._slots = [[] for _ in range(news.executor.slots)]
            elif isinstance(news, _Printed):
                del self._printing[news.attempt.number]
                yield news.attempt.job, self._entered(news)
            else:
                attempt = self._taken_off(news.attempt)
                if not isinstance(news, Done):
                    yield self._over(attempt.job, _what_went_wrong(news))
                else:
                    yield from self._publish(attempt, news)

    def _open(self, settings: Settings) -> None:
        try:
            self._news.put(_Opened(self._open_executor(settings, self._studio.root, self._hear)))
        except Exception as error:
            self._news.put(error)
        self._wake()

    def _hear(self, report: Report) -> None:
        """Called from the executor's threads."""
        if isinstance(report, Stepped):
            self._progress.step(report.step, report.steps, report.attempt)
        else:
            self._news.put(report)
            self._wake()

    def _taken_off(self, number: int) -> Attempt:
        """The attempt of this number, taken off its slot; what it interrupted is paused still."""
        for slot, attempts in enumerate(self._slots):
            for attempt in attempts:
                if attempt.number == number:
                    if attempts[0] is not attempt:
                        self._paused.add(slot)
                    attempts.remove(attempt)
                    self._cancelled.discard(number)
                    self._progress.ended(number)
                    return attempt
        raise KeyError(number)

    def _publish(self, attempt: Attempt, done: Done) -> Iterator[tuple[Render, Ended]]:
        """Announce a picture and have it printed.

        The job ends here if that is not possible, or if another machine has made the picture
        meanwhile: it may have been picked or deleted since, and its name be free again.
        """
        job = attempt.job
        path = easel.path_of(job, attempt.settings, datetime.now(UTC))
        try:
            self._ledger.reload()
            if job.ordinal in self._ledger.history.made(easel.stage(job), job.request):
                yield self._over(job, None)
                return
            lying = easel.announce(self._studio, self._ledger, job, path)
        except OSError as error:
            yield self._over(job, error)
            return
        outcome = self._press.submit(self._print, attempt, path, done, lying)
        self._printing[attempt.number] = attempt
        outcome.add_done_callback(lambda future: self._tell(_Printed(attempt, future)))

    def _print(
        self, attempt: Attempt, path: str, done: Done, lying: str | None
    ) -> tuple[str, Record]:
        """Called in the press's thread. `lying` is where an earlier try has put the picture."""
        job = attempt.job
        workshop.keep_source(job, attempt.source, self._studio)
        data, record = workshop.finished(job, done, self._studio)
        archive.enter(self._studio, job.recipe, record)
        return lying or easel.put(self._studio, job, path, data), record

    def _entered(self, printed: _Printed) -> Ended:
        """Where a printed picture lies, or what went wrong."""
        job = printed.attempt.job
        try:
            path, record = printed.outcome.result()
        except Exception as error:
            easel.withdraw(self._ledger, job)
            return self._over(job, error)[1]
        try:
            easel.enter(self._ledger, job, path, record.pixels)
        except OSError as error:
            return self._over(job, error)[1]
        self._progress.say(f"{printable(path)}  {job.why}, {record.seconds:.1f} s")
        return path

    def _over(self, job: Render, how: Ended) -> tuple[Render, Ended]:
        """A job is no longer being made."""
        self._ledger.history.end(easel.stage(job), job.request, job.ordinal)
        return job, how

    def _tell(self, news: _Printed) -> None:
        self._news.put(news)
        self._wake()

    def _give(self, slot: int, order: Order) -> None:
        assert self._executor is not None  # noqa: S101 - without an executor there is no slot
        self._executor.give(slot, order)

    def _tell_all(self, order: Order) -> None:
        for slot in range(len(self._slots)):
            self._give(slot, order)

    def _models_of(self, owner: Owner) -> dict[str, Model]:
        if owner is not self._owner:
            self._owner, self._models = owner, workshop.models_of(owner)
        return self._models


def _what_went_wrong(report: Cancelled | Failed | Lost) -> Exception | None:
    if isinstance(report, Failed):
        if report.device:
            return DeviceLostError(report.says)
        return RenderError(report.says) if report.expected else RuntimeError(report.says)
    return (
        RuntimeError("the process that rendered it has ended") if isinstance(report, Lost) else None
    )
