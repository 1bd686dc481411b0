"""The pictures in the making: rendered by an executor, then published."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from msgspec.structs import replace

from hotfolder import held, publishing, slots, workshop
from hotfolder.errors import DeviceLostError, HotfolderError, PictureError, RenderError
from hotfolder.executors.orders import (
    Cancel,
    Cancelled,
    Done,
    Encoded,
    Executor,
    Failed,
    Found,
    GivenUp,
    Joined,
    Left,
    Load,
    Lost,
    OnReport,
    Order,
    Outcome,
    Raster,
    Report,
    Resume,
    Staff,
    Stepped,
    Task,
    Unload,
)
from hotfolder.jobs import Encode, Locate, Render, RenderDraft, Work, claim_of
from hotfolder.press import Ended, Press, Printed
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model, model_name
from hotfolder.recipes.recipe import alike, chain
from hotfolder.recipes.settings import Settings
from hotfolder.report.progress import Preview, Progress
from hotfolder.slots import Attempt, Slots
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from hotfolder.studio.store.ledger import Ledger
from hotfolder.taste.rule import Rule
from hotfolder.waiting import Wait, until

_TRIES = 3
_NEAR = 16  # times the batch: so many of the drafts that follow are looked at for its size
OpenExecutor = Callable[[Settings, Path, OnReport], Executor]


@dataclass(frozen=True, slots=True)
class _Opened:
    executor: Executor


class Renders:
    """Begins renders on an executor's slots and publishes what comes of them.

    The ledger is written in the caller's thread alone. `wake` is called from other threads when
    `ended` has news.
    """

    def __init__(
        self,
        studio: Studio,
        ledger: Ledger,
        progress: Progress,
        open_executor: OpenExecutor,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._studio = studio
        self._ledger = ledger
        self._progress = progress
        self._open_executor = open_executor
        self._wake = wake
        self._clock = clock
        self._states = local.folder(studio.root) / "renders"
        self._is_opening = False
        self._executor: Executor | None = None
        self._slots = Slots()
        self._press = Press(studio, ledger, progress, self._states, self._tell)
        self._numbers = itertools.count()
        self._troubles: dict[str, str] = {}
        self._in_vain = 0
        self._stepped: set[int] = set()
        self._abandoned: set[int] = set()
        self._news: SimpleQueue[Outcome | Staff | _Opened | Printed | Exception] = SimpleQueue()
        self._config: Config | None = None
        self._models: dict[str, Model] = {}
        self._model_is_loaded = False

    @property
    def busy(self) -> bool:
        """Whether anything is being rendered or published."""
        return any(True for _ in self._slots) or bool(self._press.attempts)

    @property
    def has_model(self) -> bool:
        """Whether a model is in memory."""
        return self._model_is_loaded

    @property
    def paths(self) -> frozenset[str]:
        """The files whose jobs are being done."""
        attempts = itertools.chain(self._slots, self._press.attempts)
        return frozenset(attempt.job.path for attempt in attempts)

    @property
    def claims(self) -> frozenset[str]:
        """What names the pictures that are being made among machines."""
        attempts = itertools.chain(self._slots, self._press.attempts)
        return frozenset(claim_of(attempt.job) for attempt in attempts)

    def open(self, settings: Settings) -> None:
        """Begin to get the executor ready, which takes seconds. Until then there is no slot."""
        if not self._is_opening:
            self._is_opening = True
            threading.Thread(target=self._open, args=(settings,), name="open", daemon=True).start()

    def close(self) -> None:
        """Let go of the executor, after what has been rendered is published."""
        self._press.close()
        if self._executor is not None:
            self._executor.close()

    def models_of(self, job: Work, config: Config) -> list[Model]:
        """The models that a job's links are drawn with, as far as profiles have them."""
        known = self._models_of(config)
        names = dict.fromkeys(link.model for link in chain(job.recipe) if link.is_drawn)
        return [known[name] for name in names if name in known]

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
            self._model_is_loaded = False

    def slot_for(
        self, job: Work, config: Config, wanted: Callable[[], float] = lambda: 1.0
    ) -> int | None:
        """A slot where a job can begin: a free one, or for a refinement one with drafts on it.

        `wanted` says how many drafts are, this one included. None as well while pictures wait to
        be published, so that they do not pile up.
        """
        tasks = {attempt.task for attempt in self._press.attempts}
        if len(tasks) > len(self._slots):
            return None
        return self._slots.free_for(job, self._clock(), self._fits(job, config), wanted)

    @property
    def have_failed(self) -> bool:
        """Whether every slot has failed some times in a row, or none ever came."""
        return self._slots.have_failed or (not len(self._slots) and self._in_vain >= _TRIES)

    def troubles(self) -> Mapping[str, str]:
        """What is wrong with each slot that has failed and made no picture since, and elsewhere."""
        return {**self._troubles, **self._slots.troubles()}

    def staff(self) -> dict[str, str]:
        """What renders: each slot's computer and device, and how fast it is; as far as known."""
        return {name: says for name, says in self._slots.staff.items() if says}

    def waits(self, now: float) -> Iterator[Wait]:
        """Until slots that rest are tried again."""
        return until(self._slots.back_at(), now, "a device that rests")

    def begin(
        self,
        job: Work,
        slot: int,
        source: Raster | None,
        config: Config,
        following: Iterable[RenderDraft] = (),
        rule: Rule | None = None,
    ) -> None:
        """Begin to render on a slot, with some of the drafts that come next where that pays.

        `source` is the picture that the job starts from. A draft that may be given up by a `rule`
        is drawn alone. Raises OSError or PictureError for too much to say of a picture.
        """
        if isinstance(job, Render):
            publishing.require_room(job, self._studio)
        models = self._models_of(config)
        together = () if rule else self._drawn_with(job, models, following)
        jobs: list[Work] = [job, *together]
        number = next(self._numbers)
        numbers = (number, *itertools.islice(self._numbers, len(jobs) - 1))
        attempts = [
            Attempt(n, number, one, source, config.settings)
            for n, one in zip(numbers, jobs, strict=True)
        ]
        pictures = {attempt.number: attempt.job.recipe for attempt in attempts}
        if rule is not None and isinstance(job, RenderDraft):
            rule = rule.of(job.words)
        self._progress.began(workshop.called(jobs), number)
        for one in jobs:
            self._ledger.history.begin(one.stage, one.request, one.ordinal)
        self._slots.put(slot, attempts, self._clock())
        self._model_is_loaded = True
        task = Task(pictures, models, source, str(self._states), rule)
        if isinstance(job, Locate):
            task = replace(task, words=job.words, detector=job.detector)
        elif isinstance(job, Encode):
            task = replace(task, encodes=True)
        self._give(slot, task)

    def forget(self) -> None:
        """Remove what was saved of renders that nobody wants any more."""
        for path in self._states.glob("*"):
            held.delete(path)

    def go_on(self) -> None:
        """Let the drafts go on whose refinements are done."""
        for slot in self._slots.resumed():
            self._give(slot, Resume())

    def cancel(self, unwanted: Callable[[Work], bool]) -> None:
        """End renders at their next denoising step; what is rendered already is published.

        Where their schedulers allow it they are saved, and go on when they are begun again.
        """
        for slot, task in self._slots.cancelled(unwanted):
            self._give(slot, Cancel(task))

    def abandon(self) -> None:
        """Forget the renders that have not come to their first step: there is nothing to save.

        Before that a model is read, which may take minutes and cannot be interrupted.
        """
        for attempt in tuple(self._slots):
            if attempt.task not in self._stepped:
                self._slots.take(attempt.number)
                self._abandoned.add(attempt.number)
                self._progress.ended(attempt.task)
                self._over(attempt.job, None)
                self._wake()

    def ended(self) -> Iterator[tuple[Work, Ended]]:
        """The jobs that have ended since the last call, and how.

        Raises what went wrong with the executor itself.
        """
        while not self._news.empty():
            news = self._news.get()
            if isinstance(news, Exception):
                self._is_opening = False  # memory may have been short: it is tried again
                raise news
            if isinstance(news, _Opened):
                self._executor = news.executor
                self._slots.open(news.executor.slots)
            elif isinstance(news, Printed):
                yield self._over(news.attempt.job, self._press.enter(news))
            elif isinstance(news, Staff):
                yield from self._changed(news)
            elif news.attempt not in self._abandoned:
                slot, attempt, is_last = self._slots.take(news.attempt)
                if is_last:
                    self._stepped.discard(attempt.task)
                    self._progress.ended(attempt.task)
                self._judge(slot, attempt, news, is_last)
                yield from (self._over(attempt.job, how) for how in self._ends(attempt, news))

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
            self._stepped.add(report.task)
            self._progress.step(report.step, report.steps, report.task)
            if (seen := report.preview) is not None:
                preview = Preview(seen.width, seen.height, seen.rgb)
                self._progress.preview(preview, report.task)
        else:
            self._news.put(report)
            self._wake()

    def _drawn_with(
        self, job: Work, models: Mapping[str, Model], following: Iterable[RenderDraft]
    ) -> Iterator[RenderDraft]:
        """The following drafts to draw with a job, as many as its model's owner allows."""
        model = models.get(job.recipe.model)
        if not isinstance(job, RenderDraft) or model is None or model.batch == 1:
            return
        near = itertools.islice(following, _NEAR * model.batch)
        fitting = (d for d in near if alike(job.recipe, d.recipe) and self._has_room(d))
        yield from itertools.islice(fitting, model.batch - 1)

    def _has_room(self, draft: RenderDraft) -> bool:
        """Whether a draft's file can carry what it has to say; if not, that is told in its turn."""
        try:
            publishing.require_room(draft, self._studio)
        except PictureError:
            return False
        return True

    def _fits(self, job: Work, config: Config) -> slots.Fits | None:
        """What says whether a refinement fits into a slot's memory, where slots have their own."""
        model = self._models_of(config).get(job.recipe.model)
        if model is None or job.recipe.source is None:
            return None

        def fits(slot: Joined) -> bool:
            from hotfolder.render.memory import fit
            from hotfolder.render.memory.memory_plan import Budget

            if (memory := slot.memory) is None:
                return True
            budget = Budget(memory.device_bytes, memory.host_bytes, memory.on_cpu)
            return fit.has_room(job.recipe, model, self._studio.root, budget, memory.dtype)

        return fits

    def _changed(self, news: Staff) -> Iterator[tuple[Work, Ended]]:
        """Take note of slots that come and go; what was on one that goes is begun elsewhere."""
        if isinstance(news, Joined):
            self._in_vain = 0
            self._slots.join(news)
            self._progress.say(f"{slots.name(news.slot)} is {news.device} at {news.where}")
        elif isinstance(news, Left):
            where = self._slots.where(news.slot)
            self._progress.say(f"{slots.name(news.slot)} at {where} is gone")
            for attempt in self._slots.leave(news.slot):
                self._progress.ended(attempt.task)
                yield self._over(attempt.job, DeviceLostError(f"{where} is gone"))
        elif news.says:
            self._in_vain += 1
            if self._troubles.get(news.where) != news.says:
                self._progress.warn(f"{news.where}: {news.says}")
            self._troubles[news.where] = news.says
        elif self._troubles.pop(news.where, ""):
            self._progress.say(f"{news.where} is there again")

    def _judge(self, slot: int, attempt: Attempt, news: Outcome, is_last: bool) -> None:
        """Let a slot rest that has failed; one that makes a picture is sound again."""
        if isinstance(news, Done):
            taken_s = news.facts["seconds"] + sum(link.facts["seconds"] for link in news.links)
            self._slots.made(slot, attempt.job.recipe, taken_s, news.facts["device"])
        if isinstance(news, Done | Found | Encoded | GivenUp):
            if self._slots.sound(slot):
                self._progress.say(f"{slots.name(slot)} renders again")
        elif is_last and (isinstance(news, Lost) or (isinstance(news, Failed) and news.device)):
            says = str(_what_went_wrong(news))
            if self._slots.rest(slot, says, self._clock()):
                name = slots.name(slot)
                self._progress.warn(f"{name} has failed and will be tried again later: {says}")

    def _ends(self, attempt: Attempt, news: Outcome) -> Iterator[Ended]:
        """How a job ends by what came of it; a picture's ends only when it is published."""
        if isinstance(news, Done):
            yield from self._press.publish(attempt, news)
        elif isinstance(news, GivenUp):
            yield self._press.pass_over(attempt, news)
        elif isinstance(news, Found):
            yield self._press.keep(attempt.job, news)
        elif isinstance(news, Encoded) or _cannot_be_shown(attempt, news):
            yield self._press.keep_encoded(attempt, news)
        else:
            yield _what_went_wrong(news)

    def _over(self, job: Work, how: Ended) -> tuple[Work, Ended]:
        """A job is no longer being made."""
        self._ledger.history.end(job.stage, job.request, job.ordinal)
        return job, how

    def _tell(self, news: Printed) -> None:
        self._news.put(news)
        self._wake()

    def _give(self, slot: int, order: Order) -> None:
        assert self._executor is not None  # noqa: S101 - without an executor there is no slot
        self._executor.give(slot, order)

    def _tell_all(self, order: Order) -> None:
        for slot in self._slots.numbers:
            self._give(slot, order)

    def _models_of(self, config: Config) -> dict[str, Model]:
        if config is not self._config:
            self._config, self._models = config, workshop.models_of(config)
        return self._models


def _cannot_be_shown(attempt: Attempt, news: Outcome) -> bool:
    """Whether no model can be shown this picture, also not later."""
    return isinstance(attempt.job, Encode) and isinstance(news, Failed) and news.expected


def _what_went_wrong(report: Cancelled | Failed | Lost) -> Exception | None:
    if isinstance(report, Failed):
        if report.device:
            return DeviceLostError(report.says)
        return RenderError(report.says) if report.expected else HotfolderError(report.says)
    return (
        RuntimeError("the process that rendered it has ended") if isinstance(report, Lost) else None
    )
