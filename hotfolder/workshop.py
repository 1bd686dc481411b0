"""What a job takes: a file's move and its paperwork, or a picture's source and the models."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hotfolder.errors import MistakesError, PictureError, printable
from hotfolder.executors.orders import Raster
from hotfolder.jobs import (
    Chore,
    Encode,
    Explain,
    Finish,
    Locate,
    PutBack,
    Reject,
    RenderFinal,
    SetAside,
    TryAgain,
    Work,
)
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model, model_name, together
from hotfolder.recipes.recipe import picked
from hotfolder.report.progress import Progress
from hotfolder.studio.identity import Identity
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.store import moves
from hotfolder.studio.store.ledger import Ledger

if TYPE_CHECKING:
    from PIL.Image import Image


def do(job: Chore, studio: Studio, ledger: Ledger, progress: Progress) -> str:
    """Move a file, or explain something; returns the path of what was moved or made."""
    shown = printable(job.path)
    if isinstance(job, SetAside):
        path = moves.set_aside(studio, job)
        progress.warn(f"{shown} has a mistake: read {printable(path)}.error.txt")
    elif isinstance(job, TryAgain):
        path = moves.try_again(studio, job)
        progress.say(f"{shown} is tried again: {job.why}")
    elif isinstance(job, Explain):
        path = moves.explain(studio, job)
        progress.warn(f"{shown}: {job.why}; read {printable(path)}")
    elif isinstance(job, Finish):
        path = moves.finish(studio, ledger, job)
        progress.say(f"{shown} is done and was moved to inbox/done/")
    elif isinstance(job, Reject):
        path = moves.reject(studio, job)
        progress.say(f"{shown} is rejected and was moved to {REJECTS}/")
    elif isinstance(job, PutBack):
        path = moves.put_back(studio, job)
        progress.say(f"{shown} has lost its star and was moved back to drafts/")
    else:
        path = moves.pick(studio, ledger, job)
        why = (
            f"goes to seeds/ ({job.why})" if job.by_itself else "has a star and was moved to seeds/"
        )
        progress.say(f"{shown} {why}")
    return path


def tell(studio: Studio, news: Mapping[str, str]) -> None:
    """Put notes with these sentences beside files, and take back those of files with none."""
    for path, says in news.items():
        with contextlib.suppress(OSError):  # the file itself may be gone, or its share
            if says:
                moves.explain(studio, Explain(path, says))
            else:
                moves.take_back(studio, path)


def called(jobs: Sequence[Work]) -> str:
    """What jobs that are done together are for."""
    job, shown = jobs[0], printable(PurePosixPath(jobs[0].path).name)
    if isinstance(job, Locate):
        return f"looking for {printable(', '.join(job.words))} in {shown}"
    if isinstance(job, Encode):
        return f"looking at {shown}"
    what = job.stage if len(jobs) == 1 else f"{len(jobs)} {job.stage}s"
    return f"{what} for {shown}"


def starts_from_picture(job: Work) -> bool:
    """Whether a job needs the pixels of a picture that lies there."""
    return isinstance(job, Encode) or picked(job.recipe) is not None


def source_of(job: Work, identity: Callable[[str], Identity]) -> Raster | None:
    """The picture that a job starts from, checked to be the one that its recipe names.

    Raises FileNotFoundError if it is gone, and OSError or PictureError if it cannot be read.
    """
    if isinstance(job, Encode):
        return _raster(identity(job.path).image)
    source = picked(job.recipe)
    if source is None:
        return None
    original = job.original if isinstance(job, RenderFinal) else ""
    try:
        shown = identity(original or job.path)
        if source not in (shown.source, shown.pixels):
            raise FileNotFoundError(job.path)  # another picture took its place since the look
    except FileNotFoundError:
        if not original:
            raise
        says = (
            f"the picture as it was, {printable(original)}, is gone; put it back, then put this "
            "copy in again"
        )
        raise PictureError(says) from None
    return _raster(shown.image)


def _raster(image: Image) -> Raster:
    return Raster(image.width, image.height, image.tobytes())


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
        upscaler_folders=config.settings.upscalers,
    )
    return {name: together(model, folders) for name, model in models.items()}


def import_engine() -> Any:
    """The module `render.engine`. torch and diffusers take seconds to import, so this is late."""
    return importlib.import_module("hotfolder.render.engine")
