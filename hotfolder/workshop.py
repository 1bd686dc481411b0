"""Does one job: renders a picture and publishes it, or moves a file and does its paperwork."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hotfolder import __version__
from hotfolder.errors import MistakesError
from hotfolder.images import infotext, picture
from hotfolder.images.pixels import pixel_hash
from hotfolder.plan import (
    Explain,
    Finish,
    Job,
    PutBack,
    Reject,
    Render,
    RenderDraft,
    RenderFinal,
    SetAside,
)
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Model, model_name
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.record import Record
from hotfolder.report.progress import Progress
from hotfolder.studio import desk, easel, sources
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.ledger import Ledger
from hotfolder.studio.names import printable
from hotfolder.studio.reading import read_file

if TYPE_CHECKING:
    from PIL.Image import Image

    from hotfolder.render.engine import Engine, Facts

OnStep = Callable[[int, int], None]


class Workshop:
    """The hands of the daemon: a studio, its ledger, and the engine with the models in memory."""

    def __init__(self, studio: Studio, ledger: Ledger, progress: Progress) -> None:
        self._studio = studio
        self._ledger = ledger
        self._progress = progress
        self._owner: Owner | None = None
        self._models: dict[str, Model] = {}
        self._engine: Engine | None = None

    def do(self, job: Job, owner: Owner, on_step: OnStep) -> str:
        """Do a job; returns the path of what it made or moved, relative to the studio.

        `on_step` is called after every denoising step and may raise `Stopped`.
        """
        shown = printable(job.path)
        if isinstance(job, RenderDraft | RenderFinal):
            return self._render(job, owner, on_step)
        if isinstance(job, SetAside):
            path = desk.set_aside(self._studio, job)
            self._progress.warn(f"{shown} has a mistake: read {printable(path)}.error.txt")
        elif isinstance(job, Explain):
            path = desk.explain(self._studio, job)
            self._progress.warn(f"{shown} cannot be refined: read {printable(path)}")
        elif isinstance(job, Finish):
            path = desk.finish(self._studio, self._ledger, job)
            self._progress.say(f"{shown} is done and lies in inbox/done/")
        elif isinstance(job, Reject):
            path = desk.reject(self._studio, job)
            self._progress.say(f"{shown} is rejected and lies in {REJECTS}/ now")
        elif isinstance(job, PutBack):
            path = desk.put_back(self._studio, job)
            self._progress.say(f"{shown} has lost its star and lies in drafts/ again")
        else:
            path = desk.pick(self._studio, self._ledger, job)
            self._progress.say(f"{shown} has a star and lies in seeds/ now")
        return path

    def _render(self, job: Render, owner: Owner, on_step: OnStep) -> str:
        source = self._source_of(job)
        with self._shown(f"loading {job.recipe.model}"):
            engine = self._engine_for(owner)
            engine.load(job.recipe.model)
        with self._shown(f"{easel.stage(job)} for {printable(PurePosixPath(job.path).name)}"):
            rendered = engine.render(job.recipe, source, on_step)
        now = datetime.now(UTC)
        record = _record(job, rendered.facts, pixel_hash(rendered.image), now)
        parameters = infotext.write(job.recipe, record)
        data = picture.publishable(rendered.image, job.recipe, record, parameters)
        wanted = easel.path_of(job, owner.settings, now)
        path = easel.hang(self._studio, self._ledger, job, wanted, data, record.pixels)
        self._progress.say(f"{printable(path)}  {job.why}, {record.seconds:.1f} s")
        return path

    @contextmanager
    def _shown(self, what: str) -> Iterator[None]:
        self._progress.began(what)
        try:
            yield
        finally:
            self._progress.ended()

    def _source_of(self, job: Render) -> Image | None:
        """The picture that a job starts from, checked to be the one that its recipe names."""
        source = job.recipe.source
        if source is None:
            return None
        shown = identify(read_file(self._studio.root / job.path))
        if source not in (shown.source, shown.pixels):
            raise FileNotFoundError(job.path)  # another picture took its place since the look
        if isinstance(source, Pixels):
            sources.keep(self._studio, shown.image)
        return shown.image

    def _engine_for(self, owner: Owner) -> Engine:
        """The engine with the owner's present models."""
        if owner is not self._owner:
            models = models_of(owner)
            if models != self._models:
                self._engine = None
            self._owner, self._models = owner, models
        if self._engine is None:
            self._engine = import_engine().Engine(self._models, self._studio.root)
        return self._engine


def models_of(owner: Owner) -> dict[str, Model]:
    """Every model that the owner's profiles name, by the name that pictures carry."""
    models = {}
    for name in owner.profiles:
        with contextlib.suppress(MistakesError):  # a wrong profile is told to who uses it
            model = owner.profile(name).model
            models[model_name(model)] = model
    return models


def import_engine() -> Any:
    """The module `render.engine`. torch and diffusers take seconds to import, so this is late."""
    return importlib.import_module("hotfolder.render.engine")


def _record(job: Render, facts: Facts, pixels: str, now: datetime) -> Record:
    """What a picture says of its making, beside its recipe."""
    if isinstance(job, RenderDraft):
        template, overrides = job.template, job.prompt.overrides
    else:
        template, overrides = "", job.record.overrides if job.record else {}
    return Record(
        stage=easel.stage(job),
        pixels=pixels,
        software=f"hotfolder {__version__}",
        created=now.isoformat(timespec="seconds"),
        profile=job.profile_name,
        template=template,
        prompt_file=printable(easel.prompt_file(job)),
        overrides=overrides,
        request=job.request,
        ordinal=job.ordinal,
        source=None if isinstance(job, RenderDraft) else job.record,
        **asdict(facts),
    )
