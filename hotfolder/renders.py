"""The pictures in the making: which is on which slot, and which wait to be published."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

from hotfolder import publishing, workshop
from hotfolder.backoff import Backoff
from hotfolder.errors import DeviceLostError, HotfolderError, RenderError, printable
from hotfolder.executors.orders import (
    Cancel,
    Cancelled,
    Done,
    Executor,
    Failed,
    Load,
    Lost,
    OnReport,
    Order,
    Outcome,
    Raster,
    Report,
    Resume,
    Stepped,
    Task,
    Unload,
)
from hotfolder.jobs import Render, RenderDraft
from hotfolder.publishing import Publication, Published
from hotfolder.recipes.config import Config
from hotfolder.recipes.profile import Model, model_name
from hotfolder.recipes.recipe import Recipe, alike
from hotfolder.recipes.settings import Settings
from hotfolder.report.progress import Preview, Progress
from hotfolder.studio.identity import Identity
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from hotfolder.studio.store.ledger import Ledger

_TRIES = 3
_NEAR = 16  # so many times a batch's drafts are looked at for those of the same size
OpenExecutor = Callable[[Settings, Path, OnReport], Executor]
Ended = Published | Exception | None
"""A job's picture, or what went wrong; None for a job that nobody wants any more."""


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
    steps: Publication


class Renders:
    """Begins renders on an executor's slots and publishes what comes of them.

    A slot whose device or worker has failed rests, longer each time until it has made a picture;
    the others go on. A finished picture is encoded, hashed and written by a thread of its own while
    the next one renders; the ledger is written in the caller's thread alone. `identity` says what a
    picture in `seeds/` is, and `wake` is called from other threads when `ended` has news.
    """

    def __init__(
        self,
        studio: Studio,
        ledger: Ledger,
        progress: Progress,
        open_executor: OpenExecutor,
        identity: Callable[[str], Identity],
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._studio = studio
        self._ledger = ledger
        self._progress = progress
        self._open_executor = open_executor
        self._identity = identity
        self._wake = wake
        self._clock = clock
        self._resting = Backoff()
        self._states = local.folder(studio.root) / "renders"
        self._is_opening = False
        self._executor: Executor | None = None
        self._slots: list[list[Attempt]] = []  # what was interrupted lies below
        self._paused: set[int] = set()
        self._besides: dict[int, set[str]] = {}  # recipes that a slot draws with another
        self._cancelled: set[int] = set()
        self._press = ThreadPoolExecutor(1, "press")
        self._printing: dict[int, Attempt] = {}
        self._numbers = itertools.count()
        self._news: SimpleQueue[Outcome | _Opened | _Printed | Exception] = SimpleQueue()
        self._config: Config | None = None
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

    def model_of(self, job: Render, config: Config) -> Model | None:
        """The model that a job's picture is made with; None where no profile has it."""
        return self._models_of(config).get(job.recipe.model)

    def load(self, config: Config) -> None:
        """Read the model of the owner's default profile into memory, if none is there."""
        if not self._model_is_loaded and self._executor is not None:
            model = model_name(config.profile(None).model)
            self._tell_all(Load(model, self._models_of(config)))
            self._model_is_loaded = True

    def unload(self) -> None:
        """Free the models' memory until the next render."""
        if self._model_is_loaded and not self.busy:
            self._tell_all(Unload())
            self._besides.clear()
            self._model_is_loaded = False

    def slot_for(self, job: Render) -> int | None:
        """A slot where a job can begin: a free one, or for a refinement one with a draft on it.

        None as well while pictures wait to be published, so that they do not pile up.
        """
        if len(self._printing) > len(self._slots):
            return None
        drawn_on = self._drawn_on(job)
        if drawn_on is not None and not self._slots[drawn_on]:
            return drawn_on
        now = self._clock()
        sound = [
            (slot, attempts)
            for slot, attempts in enumerate(self._slots)
            if not self._resting.has(_name(slot), now)
        ]
        free = (slot for slot, attempts in sound if not attempts)
        draft = (
            slot
            for slot, attempts in sound
            if len(attempts) == 1 and isinstance(attempts[0].job, RenderDraft)
        )
        return next(free, None if isinstance(job, RenderDraft) else next(draft, None))

    @property
    def have_failed(self) -> bool:
        """Whether every slot has failed some times in a row."""
        slots = range(len(self._slots))
        return bool(slots) and all(self._resting.tries(_name(slot)) >= _TRIES for slot in slots)

    def troubles(self) -> dict[str, str]:
        """What is wrong with each slot that has failed and made no picture since."""
        return dict(self._resting.reasons())

    def back_at(self) -> list[float]:
        """When slots that rest are tried again."""
        return self._resting.ends_at()

    def is_being_drawn(self, job: Render) -> bool:
        """Whether a slot draws a job's picture with another that is not done yet."""
        slot = self._drawn_on(job)
        return slot is not None and bool(self._slots[slot])

    def begin(
        self, job: Render, slot: int, config: Config, following: Iterable[RenderDraft] = ()
    ) -> None:
        """Begin to render on a slot, with some of the drafts that come next where that pays.

        Raises OSError or PictureError for a bad source picture and for too much to say of it.
        """
        publishing.require_room(job, self._studio)
        source = workshop.source_of(job, self._identity)
        attempt = Attempt(next(self._numbers), job, source, config.settings)
        state = str(self._states / f"{job.recipe.id}.safetensors")
        models = self._models_of(config)
        batch_with = self._chosen(job, models, following)
        task = Task(attempt.number, job.recipe, models, source, state, batch_with)
        shown = printable(PurePosixPath(job.path).name)
        self._progress.began(f"{job.stage} for {shown}", attempt.number)
        self._ledger.history.begin(job.stage, job.request, job.ordinal)
        drawn = self._besides.setdefault(slot, set())
        drawn.discard(job.recipe.id)
        drawn.update(recipe.id for recipe in batch_with)
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
            self._give(slot, Resume())
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
                slot, attempt = self._taken_off(news.attempt)
                self._judge(slot, news)
                if not isinstance(news, Done):
                    yield self._over(attempt.job, _what_went_wrong(news))
                else:
                    yield from self._publish(attempt, news)

    def _open(self, settings: Settings) -> None:
        try:
            self._news.put(
                _Opened(self._open_executor(settings, self._studio.root, self._on_report))
            )
        except Exception as error:
            self._news.put(error)
        self._wake()

    def _on_report(self, report: Report) -> None:
        """Called from the executor's threads."""
        if isinstance(report, Stepped):
            self._progress.step(report.step, report.steps, report.attempt)
            if (seen := report.preview) is not None:
                preview = Preview(seen.width, seen.height, seen.rgb)
                self._progress.preview(preview, report.attempt)
        else:
            self._news.put(report)
            self._wake()

    def _drawn_on(self, job: Render) -> int | None:
        """The slot that draws, or has drawn, a job's picture with another."""
        if not any(self._besides.values()):
            return None
        recipe = job.recipe.id
        return next((slot for slot, drawn in self._besides.items() if recipe in drawn), None)

    def _chosen(
        self, job: Render, models: Mapping[str, Model], following: Iterable[RenderDraft]
    ) -> tuple[Recipe, ...]:
        """Which of the following drafts to draw with a job, as many as its model's owner allows."""
        model = models.get(job.recipe.model)
        if not isinstance(job, RenderDraft) or model is None or model.batch == 1:
            return ()
        if self._drawn_on(job) is not None:
            return ()
        near = itertools.islice(following, _NEAR * model.batch)
        fitting = (
            draft.recipe
            for draft in near
            if alike(job.recipe, draft.recipe) and self._drawn_on(draft) is None
        )
        return tuple(itertools.islice(fitting, model.batch - 1))

    def _judge(self, slot: int, news: Outcome) -> None:
        """Let a slot rest that has failed; one that makes a picture is sound again."""
        if isinstance(news, Done):
            if self._resting.tries(_name(slot)):
                self._progress.say(f"{_name(slot)} renders again")
            self._resting.end(_name(slot))
            return
        self._besides.pop(slot, None)  # what was drawn with it has gone as well
        if isinstance(news, Lost) or (isinstance(news, Failed) and news.device):
            says = str(_what_went_wrong(news))
            if self._resting.postpone(_name(slot), says, self._clock()):
                self._progress.warn(f"{_name(slot)} has failed and is tried again later: {says}")

    def _taken_off(self, number: int) -> tuple[int, Attempt]:
        """The slot and attempt of this number, taken off it; what it interrupted stays paused."""
        for slot, attempts in enumerate(self._slots):
            for attempt in attempts:
                if attempt.number == number:
                    if attempts[0] is not attempt:
                        self._paused.add(slot)
                    attempts.remove(attempt)
                    self._cancelled.discard(number)
                    self._progress.ended(number)
                    return slot, attempt
        raise KeyError(number)

    def _publish(self, attempt: Attempt, done: Done) -> Iterator[tuple[Render, Ended]]:
        """Begin to publish a picture. The job ends here if that cannot be, or is not needed."""
        job = attempt.job
        steps = publishing.publish(
            self._studio, self._ledger, job, attempt.source, done, attempt.settings
        )
        try:
            next(steps)
        except StopIteration:
            yield self._over(job, None)
        except OSError as error:
            yield self._over(job, error)
        else:
            self._printing[attempt.number] = attempt
            printed = self._press.submit(next, steps)
            printed.add_done_callback(lambda _: self._tell(_Printed(attempt, steps)))

    def _entered(self, printed: _Printed) -> Ended:
        """A printed picture, or what went wrong."""
        job = printed.attempt.job
        try:
            next(printed.steps)
        except StopIteration as end:
            published: Published = end.value
            says = f"{job.why}, {published.record.seconds:.1f} s"
            self._progress.say(f"{printable(published.path)}  {says}")
            return published
        except Exception as error:
            return self._over(job, error)[1]
        raise AssertionError("a publication has two parts in the ledger's thread")

    def _over(self, job: Render, how: Ended) -> tuple[Render, Ended]:
        """A job is no longer being made."""
        self._ledger.history.end(job.stage, job.request, job.ordinal)
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

    def _models_of(self, config: Config) -> dict[str, Model]:
        if config is not self._config:
            self._config, self._models = config, workshop.models_of(config)
        return self._models


def _name(slot: int) -> str:
    return f"renderer {slot + 1}"


def _what_went_wrong(report: Cancelled | Failed | Lost) -> Exception | None:
    if isinstance(report, Failed):
        if report.device:
            return DeviceLostError(report.says)
        return RenderError(report.says) if report.expected else HotfolderError(report.says)
    return (
        RuntimeError("the process that rendered it has ended") if isinstance(report, Lost) else None
    )
