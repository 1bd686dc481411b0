"""The loop: look, plan, do the first job, look again."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hotfolder import __version__
from hotfolder.errors import PictureError, RenderError, Stopped, StudioMissingError
from hotfolder.images import infotext, picture
from hotfolder.images.pixels import pixel_hash
from hotfolder.plan import (
    Explain,
    Finish,
    Job,
    Pick,
    Render,
    RenderDraft,
    RenderFinal,
    SetAside,
    plan,
)
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.record import Record
from hotfolder.report.progress import Lines, Progress
from hotfolder.studio import desk, easel, sources
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.ledger import Ledger
from hotfolder.studio.look import Look
from hotfolder.studio.names import printable
from hotfolder.studio.reading import read_file
from hotfolder.studio.watch import Watch

if TYPE_CHECKING:
    from PIL.Image import Image

    from hotfolder.render.engine import Engine

_log = logging.getLogger(__name__)
_ATTEMPTS = 3
_LONGEST_PAUSE_S = 300.0
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Until:
    """How long a run goes on.

    `idle`: until all is done, with one draft for each endless file. `seconds`: endless files go on
    until this much time has passed, then the run ends. Neither: until it is told to stop.
    """

    idle: bool = False
    seconds: float | None = None


class Daemon:
    """Works on one studio. There is no queue and no state worth keeping: all is in the folders."""

    def __init__(
        self,
        studio: Studio,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures = 0
        self._studio = studio
        self._progress = progress or Lines()
        self._clock = clock
        self._look = Look(studio, clock)
        self._ledger = Ledger(studio.ledger)
        self._watch = Watch(studio.root)
        self._looked_at = clock()
        self._stopping = threading.Event()
        self._engine: tuple[dict[str, Model], Engine] | None = None
        self._running: list[Render] = []
        self._served: set[str] = set()
        self._until = Until()
        self._attempts: dict[tuple[str, int], int] = {}
        self._pause_s = 0.0

    def stop(self) -> None:
        """End the run at the next denoising step. For signal handlers and other threads."""
        self._stopping.set()
        self._watch.wake()

    def run(self, until: Until) -> None:
        """Work until the end that `until` describes, or until told to stop."""
        threading.Thread(target=_import_engine, daemon=True).start()
        self._until = until
        began = self._clock()
        try:
            self._look.refresh()
            if not any(self._ledger.history.totals().values()):
                easel.rebuild(self._studio, self._ledger)
            easel.recover(self._studio, self._ledger)
            desk.confirm(self._studio, self._ledger)
            while not self._stopping.is_set():
                if until.seconds is not None and self._clock() - began >= until.seconds:
                    return
                if not self._turn(began):
                    return
        except Stopped:
            pass
        finally:
            self._watch.stop()

    def _turn(self, began: float) -> bool:
        """Look, plan, and do one job or wait for one; whether to go on."""
        try:
            self._refresh()
            job = self._first_job()
        except StudioMissingError as error:
            if self._until.idle:
                raise
            self._pause(str(error))
            return True
        if job is not None:
            self._attempt(job)
            return True
        due = self._look.due_in_s()
        if self._until.idle and (due is None or self._clock() - began > _PATIENCE_S + 10 * due):
            return False
        limits = [self._look.owner.settings.look_seconds]
        limits += [due] if due is not None else []
        if self._until.seconds is not None:
            limits.append(max(0.0, began + self._until.seconds - self._clock()))
        self._watch.wait(min(limits))
        return True

    def _refresh(self) -> None:
        """Look where something may have changed; from time to time everywhere."""
        hints = self._watch.take()
        look_every_s = self._look.owner.settings.look_seconds
        if hints is not None and self._clock() - self._looked_at >= look_every_s:
            hints = None
        if hints is None:
            self._ledger.reload()
        self._look.refresh(hints)
        if hints is None:
            self._looked_at = self._clock()

    def _first_job(self) -> Job | None:
        jobs = plan(self._look.snapshot(), self._ledger.history, self._look.owner)
        return next((job for job in jobs if not self._was_served(job)), None)

    def _was_served(self, job: Job) -> bool:
        """Whether this run has made its one draft of an endless file already."""
        endless = isinstance(job, RenderDraft) and job.endless
        return endless and self._until.idle and job.path in self._served

    def _attempt(self, job: Job) -> None:
        """Do a job. What goes wrong with one job never stops the others."""
        try:
            self._do(job)
            self._pause_s = 0.0
        except RenderError as error:
            self._give_up(job, str(error))
        except PictureError as error:
            self._give_up(job, f"the picture cannot be read: {error}")
        except FileNotFoundError:
            pass  # taken away meanwhile: the next look sees that
        except OSError as error:
            self._pause(f"{printable(job.path)} has to wait: {error.strerror or error}")
        except Exception as error:
            _log.exception("unexpected trouble with %s", printable(job.path))
            if isinstance(job, RenderDraft | RenderFinal):
                tries = self._attempts.get((job.request, job.ordinal), 0) + 1
                self._attempts[job.request, job.ordinal] = tries
                if tries < _ATTEMPTS:
                    return
            self._give_up(job, f"it failed {_ATTEMPTS} times: {type(error).__name__}: {error}")

    def _do(self, job: Job) -> None:
        if isinstance(job, RenderDraft | RenderFinal):
            self._render(job)
        elif isinstance(job, SetAside):
            moved = desk.set_aside(self._studio, job)
            self.failures += 1
            self._progress.warn(f"{_shown(job.path)} has a mistake; see {_shown(moved)}.error.txt")
        elif isinstance(job, Explain):
            desk.explain(self._studio, job)
            self._look.explained(job.path)
            self.failures += 1
            self._progress.warn(f"{_shown(job.path)} cannot be refined; see the note beside it")
        elif isinstance(job, Finish):
            moved = desk.finish(self._studio, self._ledger, job)
            self._progress.say(f"{_shown(job.path)} is done and lies in {_shown(moved)}")
        elif isinstance(job, Pick):
            moved = desk.pick(self._studio, job)
            self._look.take_in(moved)
            self._progress.say(f"{_shown(job.path)} has a star and lies in seeds/ now")
        if not isinstance(job, RenderDraft | RenderFinal):
            self._look.refresh({job.path, *getattr(job, "beside", ())})

    def _render(self, job: Render) -> None:
        source = self._source_of(job)
        engine = self._loaded_engine()
        with self._shown_running(job):
            rendered = engine.render(job.recipe, source, self._between_steps)
        facts = rendered.facts
        now = datetime.now(UTC)
        prompt = job.prompt if isinstance(job, RenderDraft) else None
        record = Record(
            stage=easel.stage(job),
            pixels=pixel_hash(rendered.image),
            software=f"hotfolder {__version__}",
            created=now.isoformat(timespec="seconds"),
            seconds=facts.seconds,
            steps_run=facts.steps_run,
            device=facts.device,
            dtype=facts.dtype,
            threads=facts.threads,
            versions=facts.versions,
            model_sha256=facts.model_sha256,
            memory_plan=facts.memory_plan,
            profile=job.profile_name,
            template=job.template if isinstance(job, RenderDraft) else "",
            prompt_file=printable(easel.prompt_file(job)),
            overrides=prompt.overrides if prompt else job.record.overrides if job.record else {},
            request=job.request,
            ordinal=job.ordinal,
        )
        parameters = infotext.write(job.recipe, record)
        data = picture.publishable(rendered.image, job.recipe, record, parameters)
        path = easel.path_of(job, self._look.owner.settings, now)
        path = easel.hang(self._studio, self._ledger, job, path, data, record.pixels)
        if isinstance(job, RenderDraft) and job.endless:
            self._served.add(job.path)
        self._progress.say(f"{_shown(path)}  {job.why}, {facts.seconds:.1f} s")

    def _source_of(self, job: Render) -> Image | None:
        """The picture that a job starts from, checked to be the one that its recipe names."""
        if job.recipe.source is None:
            return None
        shown = identify(read_file(self._studio.root / job.path))
        if shown.source != job.recipe.source and shown.pixels != job.recipe.source:
            raise FileNotFoundError(job.path)  # it was exchanged since the look
        if isinstance(job.recipe.source, Pixels):
            sources.keep(self._studio, shown.image)
        return shown.image

    def _between_steps(self, step: int, steps: int) -> None:
        """Called after each denoising step: stop if told to; let picked pictures go first.

        A picked picture is refined right here, inside the draft that is being rendered, which goes
        on afterwards as if nothing had been. So only drafts are interrupted, and only once deep.
        """
        self._progress.step(step, steps)
        if self._stopping.is_set():
            raise Stopped
        if len(self._running) > 1 or not isinstance(self._running[0], RenderDraft):
            return
        while self._watch.has_news or self._look.due_in_s() == 0.0:
            self._refresh()
            job = self._first_job()
            while isinstance(job, Pick | RenderFinal):
                self._attempt(job)
                job = self._first_job()

    @contextmanager
    def _shown_running(self, job: Render) -> Iterator[None]:
        self._running.append(job)
        self._progress.began(f"{easel.stage(job)} {PurePosixPath(_shown(job.path)).name}")
        try:
            yield
        finally:
            self._progress.ended()
            self._running.pop()

    def _loaded_engine(self) -> Engine:
        """The engine for the owner's present models."""
        models = models_of(self._look.owner)
        if self._engine is None or self._engine[0] != models:
            self._engine = (models, _import_engine().Engine(models, self._studio.root))
        return self._engine[1]

    def _give_up(self, job: Job, says: str) -> None:
        """Set aside what a job was for, with the reason where its owner will see it."""
        if isinstance(job, RenderFinal):
            self._look.give_up(job.path, says)
        elif isinstance(job, RenderDraft):
            beside = next(
                (f.beside for f in self._look.snapshot().prompt_files if f.path == job.path), ()
            )
            self._attempt(SetAside(job.path, says, beside))
        else:
            self._pause(says)

    def _pause(self, says: str) -> None:
        """Say why nothing can be done, and wait: longer each time, until something works."""
        self.failures += 1
        if self._until.idle and self.failures >= _ATTEMPTS:
            self._stopping.set()
        if not self._pause_s:
            self._progress.warn(f"{says}; hotfolder tries again from time to time")
        self._pause_s = min(_LONGEST_PAUSE_S, max(1.0, 2 * self._pause_s))
        self._stopping.wait(self._pause_s)


def models_of(owner: Owner) -> dict[str, Model]:
    """Every model that the owner's profiles name, by the name that pictures carry."""
    from hotfolder.recipes.profile import model_name

    models = (owner.profile(name).model for name in owner.profiles)
    return {model_name(model): model for model in models}


def _import_engine() -> Any:
    """torch and diffusers take seconds to import: a thread does it while the folders are read."""
    return importlib.import_module("hotfolder.render.engine")


def _shown(path: str) -> str:
    return printable(path)
