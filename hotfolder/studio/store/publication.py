"""Where a rendered picture goes: its name, its announcement, its file, its entry in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

from hotfolder.errors import PictureError
from hotfolder.history import Made, Making, Unmade
from hotfolder.images import metadata, recipe_text
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.images.recipe_text import Embedded
from hotfolder.jobs import Render, RenderFinal
from hotfolder.recipes.recipe import Recipe, chain, picked
from hotfolder.recipes.record import LINK
from hotfolder.recipes.settings import Settings
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import slug
from hotfolder.studio.reading import MAX_PICTURE_BYTES
from hotfolder.studio.store import atomic
from hotfolder.studio.store.claims import CLAIMS
from hotfolder.studio.store.ledger import Ledger

_ROOMS = {"draft": "drafts", "final": "final"}
_TAKEN = {"starred", "rejected"}  # folders in drafts/ that mean something


def path_of(job: Render, settings: Settings, now: datetime) -> str:
    """Where a job's picture shall appear, relative to the studio."""
    folder = _ROOMS[job.stage]
    if settings.folders == "day":
        folder += f"/{_here(now):%Y-%m-%d}"
    elif settings.folders == "prompt" and job.prompt_file:
        name = slug(PurePosixPath(job.prompt_file).stem)
        folder += f"/{name}-drafts" if name in _TAKEN else f"/{name}"
    return f"{folder}/{slug(_prompt(job.recipe))}-{job.recipe.id[:8]}{job.encoding.suffix}"


def _here(now: datetime) -> datetime:
    """The time here. It stays as it is where the time zone is none: 24 hours or more away."""
    try:
        return now.astimezone()
    except ValueError:
        return now


def announce(studio: Studio, ledger: Ledger, job: Render, path: str) -> str | None:
    """Say in the ledger that a job's picture is about to be published at `path`.

    When the program dies before the picture is entered, `recover` looks whether it made it to the
    disk, so that it is made neither twice nor never. Returns where the picture lies if that
    happened to an earlier try: the disk had room for the picture, but none for the entry.
    """
    earlier = ledger.history.announced(job.recipe.id)
    if earlier is None:
        ledger.append(Making(job.stage, job.request, job.ordinal, job.recipe.id, path))
    return _lying(studio, earlier) if earlier else None


def put(studio: Studio, job: Render, path: str, data: bytes) -> str:
    """Publish a picture, unless the same one has its name already; returns where it lies.

    Then another machine made it from the same wish, and it may have been picked since. Needs no
    ledger, so any thread may call it.
    """
    picked = f"seeds/{PurePosixPath(path).name}"
    if _carries(studio, picked, job.recipe.id):
        return picked
    return next(
        name
        for name in atomic.candidates(path)
        if atomic.place(studio.root, name, data) or _carries(studio, name, job.recipe.id)
    )


def withdraw(ledger: Ledger, job: Render) -> None:
    """Forget an announcement whose picture could not be published; on disk a restart sees to it."""
    ledger.history.apply(Unmade(job.recipe.id))


def enter(ledger: Ledger, job: Render, path: str, pixels: str) -> None:
    """Enter an announced picture that lies at `path` now; `pixels` is its pixel hash."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    wanted = job.wanted if isinstance(job, RenderFinal) else 0
    what = (job.stage, job.request, job.ordinal, job.recipe.id)
    ledger.append(Made(*what, path, pixels, at, wanted, job.notify))


def recover(studio: Studio, ledger: Ledger, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Make up for a crash or a lost ledger, while it `goes_on`: what is left is done next time.

    Announced pictures that appeared are entered, half-written files of ours removed. An empty
    ledger is made anew from what the pictures carry.
    """
    rooms = ("inbox", "drafts", "seeds", "final", ".hotfolder/sources", CLAIMS)
    atomic.sweep(studio.root, rooms)
    if not any(ledger.history.totals().values()):
        rebuild(studio, ledger, goes_on)
    for making in ledger.history.unconfirmed():
        if not goes_on():
            return
        name = _lying(studio, making)
        contents = _contents(studio, name) if name else None
        if name is None or contents is None:
            ledger.append(Unmade(making.recipe))
        else:
            what = (making.stage, making.request, making.ordinal, making.recipe)
            record = contents.record
            ledger.append(Made(*what, name, record.pixels, wanted=record.wanted))


def _prompt(recipe: Recipe) -> str:
    """What a picture is called by: what a pick shows, not what its links were told besides."""
    named = picked(recipe)
    return named.prompt if isinstance(named, Recipe) else chain(recipe)[0].prompt


def rebuild(studio: Studio, ledger: Ledger, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Enter every picture that is not in the ledger but carries its recipe; how many there were.

    Those of another studio are passed over: its drafts may lie in `seeds/`. All are entered at
    once, or none if it does not go on for so long: a ledger that has some lacks the rest for good.
    """
    found: dict[tuple[str, str, int], Made] = {}
    name_of_studio = studio.name
    for path in _pictures(studio):
        if not goes_on():
            return 0
        contents = _contents(studio, path)
        if contents is None:
            continue
        record = contents.record
        if record.stage == LINK or not record.request or record.studio not in ("", name_of_studio):
            continue
        if record.ordinal in ledger.history.made(record.stage, record.request):
            continue
        what = (record.stage, record.request, record.ordinal)
        made = Made(*what, contents.recipe.id, path, record.pixels, wanted=record.wanted)
        found.setdefault(what, made)
    if found:
        ledger.append(*found.values())
    return len(found)


def _lying(studio: Studio, making: Making) -> str | None:
    """Where an announced picture lies; likely places are looked at first, since people rename."""
    others = sorted(_pictures(studio), key=lambda path: making.recipe[:8] not in path)
    paths = (making.name, *others)
    return next((path for path in paths if _carries(studio, path, making.recipe)), None)


def _carries(studio: Studio, path: str, recipe_id: str) -> bool:
    contents = _contents(studio, path)
    return contents is not None and contents.recipe.id == recipe_id


def _pictures(studio: Studio) -> Iterator[str]:
    for room in ("drafts", "seeds", "final"):
        for path in beneath.files(studio.root, room):
            if PurePosixPath(path).suffix.lower() in picture_suffixes():
                yield path


def _contents(studio: Studio, path: str) -> Embedded | None:
    try:
        return recipe_text.find(metadata.read(beneath.read(studio.root, path, MAX_PICTURE_BYTES)))
    except (OSError, PictureError):
        return None
