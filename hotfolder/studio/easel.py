"""Where a rendered picture goes: its name, its announcement, its file, its entry in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from hotfolder.errors import PictureError
from hotfolder.history import Lost, Made, Making
from hotfolder.images import carried, document
from hotfolder.images.carried import suffixes as picture_suffixes
from hotfolder.plan import Render, RenderDraft
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record, Stage
from hotfolder.recipes.settings import Settings
from hotfolder.studio import publish
from hotfolder.studio.layout import Studio
from hotfolder.studio.ledger import Ledger
from hotfolder.studio.names import slug
from hotfolder.studio.reading import read_file

_ROOMS = {"draft": "drafts", "final": "final"}
_TAKEN = {"starred", "rejected"}  # folders in drafts/ that mean something


def stage(job: Render) -> Stage:
    """Whether a job makes a draft or a final."""
    return "draft" if isinstance(job, RenderDraft) else "final"


def prompt_file(job: Render) -> str:
    """The name of the prompt file behind a picture; empty for a picture from elsewhere."""
    if isinstance(job, RenderDraft):
        return PurePosixPath(job.path).name
    return job.record.prompt_file if job.record else ""


def path_of(job: Render, settings: Settings, now: datetime) -> str:
    """Where a job's picture shall appear, relative to the studio."""
    folder = _ROOMS[stage(job)]
    if settings.folders == "day":
        folder += f"/{now.astimezone():%Y-%m-%d}"
    elif settings.folders == "prompt" and prompt_file(job):
        name = slug(PurePosixPath(prompt_file(job)).stem)
        folder += f"/{name}-drafts" if name in _TAKEN else f"/{name}"
    return f"{folder}/{slug(job.recipe.prompt)}-{job.recipe.id[:8]}.png"


def hang(studio: Studio, ledger: Ledger, job: Render, path: str, data: bytes, pixels: str) -> str:
    """Publish a picture and enter it in the ledger; returns where it lies.

    It is announced first. When the program dies before the entry is made, `recover` looks whether
    the picture made it to the disk, so that it is made neither twice nor never.
    """
    what = (stage(job), job.request, job.ordinal, job.recipe.id)
    ledger.append(Making(*what, path))
    published = publish.publish(studio.root, path, data)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    ledger.append(Made(*what, published, pixels, at))
    return published


def recover(studio: Studio, ledger: Ledger) -> None:
    """Make up for a crash or a lost ledger.

    Announced pictures that appeared are entered, half-written files of ours removed. An empty
    ledger is made anew from what the pictures carry.
    """
    publish.sweep([studio.inbox, studio.drafts, studio.seeds, studio.final, studio.sources])
    if not any(ledger.history.totals().values()):
        rebuild(studio, ledger)
    for making in ledger.history.unconfirmed():
        found = next(_carrying(studio, making.recipe, making.name), None)
        if found is None:
            ledger.append(Lost(making.recipe))
        else:
            name = publish.relative(studio.root, found)
            ledger.append(Made(making.stage, making.request, making.ordinal, making.recipe, name))


def rebuild(studio: Studio, ledger: Ledger) -> int:
    """Enter every picture that is not in the ledger but carries its recipe; how many there were."""
    entered = 0
    for path in _pictures(studio):
        contents = _contents(path)
        if contents is None or ledger.history.knows(contents[0].id) or not contents[1].request:
            continue
        recipe, record = contents
        name = publish.relative(studio.root, path)
        ledger.append(Made(record.stage, record.request, record.ordinal, recipe.id, name))
        entered += 1
    return entered


def _carrying(studio: Studio, recipe_id: str, name: str) -> Iterator[Path]:
    """Pictures that carry a recipe; likely places first, since people rename and move them."""
    likely = [studio.root / name]
    others = sorted(_pictures(studio), key=lambda path: recipe_id[:8] not in path.name)
    for path in (*likely, *others):
        contents = _contents(path)
        if contents is not None and contents[0].id == recipe_id:
            yield path


def _pictures(studio: Studio) -> Iterator[Path]:
    for room in (studio.drafts, studio.seeds, studio.final):
        for path in room.rglob("*"):
            if path.suffix.lower() in picture_suffixes():
                yield path


def _contents(path: Path) -> tuple[Recipe, Record] | None:
    try:
        return document.recipe(carried.read(read_file(path)))
    except (OSError, PictureError):
        return None
