"""What a job takes: a file's move and its paperwork, or a picture's source and its file."""

from __future__ import annotations

import contextlib
import importlib
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hotfolder import __version__
from hotfolder.errors import MistakesError
from hotfolder.executors.orders import Done, Raster
from hotfolder.images import measured, picture
from hotfolder.images.pixels import from_rgb
from hotfolder.jobs import Chore, Explain, Finish, PutBack, Reject, Render, RenderDraft, SetAside
from hotfolder.recipes.config import Config
from hotfolder.recipes.profile import Model, model_name, together
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.record import Record
from hotfolder.report.progress import Progress
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.names import printable
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.glances import about
from hotfolder.studio.store import moves, opinions, sources
from hotfolder.studio.store.ledger import Ledger

if TYPE_CHECKING:
    from PIL.Image import Image

_log = logging.getLogger(__name__)
_NOT_YET = "0" * 64  # the pixel hash of a picture that has no file yet


def do(job: Chore, studio: Studio, ledger: Ledger, progress: Progress) -> str:
    """Move a file, or explain something; returns the path of what was moved or made."""
    shown = printable(job.path)
    if isinstance(job, SetAside):
        path = moves.set_aside(studio, job)
        progress.warn(f"{shown} has a mistake: read {printable(path)}.error.txt")
    elif isinstance(job, Explain):
        path = moves.explain(studio, job)
        progress.warn(f"{shown} cannot be refined: read {printable(path)}")
    elif isinstance(job, Finish):
        path = moves.finish(studio, ledger, job)
        progress.say(f"{shown} is done and lies in inbox/done/")
    elif isinstance(job, Reject):
        path = moves.reject(studio, job)
        progress.say(f"{shown} is rejected and lies in {REJECTS}/ now")
    elif isinstance(job, PutBack):
        path = moves.put_back(studio, job)
        progress.say(f"{shown} has lost its star and lies in drafts/ again")
    else:
        path = moves.pick(studio, ledger, job)
        progress.say(f"{shown} has a star and was moved to seeds/")
    return path


def require_room(job: Render, studio: Studio) -> None:
    """Raises PictureError if the file of a job's picture could not carry what it has to say."""
    picture.require_room(job.recipe, _record(job, {}, studio.name), job.encoding)


def source_of(job: Render, studio: Studio) -> Raster | None:
    """The picture that a job starts from, checked to be the one that its recipe names.

    Raises FileNotFoundError if it is gone, and OSError or PictureError if it cannot be read.
    """
    source = job.recipe.source
    if source is None:
        return None
    shown = identify(read_file(studio.root / job.path, below=studio.root), studio)
    if source not in (shown.source, shown.pixels):
        raise FileNotFoundError(job.path)  # another picture took its place since the look
    return Raster(shown.image.width, shown.image.height, shown.image.tobytes())


def keep_source(job: Render, source: Raster | None, studio: Studio) -> None:
    """Keep the pixels that a picture is made from, unless its recipe says how those were made."""
    if source is not None and isinstance(job.recipe.source, Pixels):
        sources.keep(studio, _image(source))


def finished(job: Render, done: Done, studio: Studio) -> tuple[bytes, Record]:
    """The file of a job's picture, and the record in it. Raises PictureError."""
    record = _record(job, done.facts, studio.name)
    return picture.publishable(_image(done.picture), job.recipe, record, job.encoding)


def keep_features(job: Render, done: Done, record: Record, studio: Studio) -> None:
    """Keep what taste may learn from a draft. A disk that does not take it is no reason to fail."""
    if not isinstance(job, RenderDraft):
        return
    image, ours = _image(done.picture), (job.recipe, record)
    kinds = {**done.features, **measured.features(image)}
    try:
        opinions.keep(studio, about(job.recipe.id, ours, image.size, kinds))
    except OSError as error:
        _log.warning("what taste could learn from %s is not kept: %s", job.recipe.id[:8], error)


def models_of(config: Config) -> dict[str, Model]:
    """Every model that the owner's profiles name, by the name that pictures carry."""
    models: dict[str, Model] = {}
    for profile in config.profiles:
        with contextlib.suppress(MistakesError):  # a wrong profile is told to who uses it
            model = config.profile(profile).model
            name = model_name(model)
            models[name] = together(models[name], model) if name in models else model
    folders = Model(
        source="",
        lora_folders=config.settings.loras,
        embedding_folders=config.settings.embeddings,
    )
    return {name: together(model, folders) for name, model in models.items()}


def import_engine() -> Any:
    """The module `render.engine`. torch and diffusers take seconds to import, so this is late."""
    return importlib.import_module("hotfolder.render.engine")


def _image(raster: Raster) -> Image:
    return from_rgb((raster.width, raster.height), raster.rgb)


def _record(job: Render, facts: dict[str, Any], studio: str) -> Record:
    """What a picture says of its making, beside its recipe, as far as its file is not concerned."""
    if isinstance(job, RenderDraft):
        template, overrides = job.template, job.prompt.overrides
    else:
        template, overrides = "", job.record.overrides if job.record else {}
    return Record(
        stage=job.stage,
        pixels=_NOT_YET,
        software=f"hotfolder {__version__}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=job.profile_name,
        template=template,
        prompt_file=printable(job.prompt_file),
        overrides=overrides,
        request=job.request,
        ordinal=job.ordinal,
        studio=studio,
        source=None if isinstance(job, RenderDraft) else job.record,
        **facts,
    )
