"""How a rendered picture is published: once, whole, and whatever happens meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from hotfolder import __version__
from hotfolder.errors import brief, printable
from hotfolder.executors.orders import Between, Done, GivenUp, Raster
from hotfolder.history import PassedOver
from hotfolder.images import picture, recipe_text
from hotfolder.images.composition import measured
from hotfolder.images.pixels import from_rgb
from hotfolder.jobs import Encode, Render, RenderDraft
from hotfolder.recipes.recipe import Pixels, picked
from hotfolder.recipes.record import LINK, Record
from hotfolder.recipes.settings import Settings
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.glances import about
from hotfolder.studio.store import archive, opinions, publication, sketches, sources, twins
from hotfolder.studio.store.ledger import Ledger

if TYPE_CHECKING:
    from PIL.Image import Image

_log = logging.getLogger(__name__)
_LONGEST_NOTE = 300
_MOST_NOTES = 20
_NOT_YET = "0" * 64  # the pixel hash of a picture that has no file yet
Thread = Literal["press", "ledger"]
"""Where a publication goes on: the press works beside the next render, a ledger has one writer."""


@dataclass(frozen=True, slots=True)
class Published:
    """A picture that lies at `path`, what it says of its making, and its file's state at first.

    No state where it was there before, or somebody was at it at once.
    """

    path: str
    record: Record
    state: Reading | None


Publication = Generator[Thread, None, Published | None]


def publish(
    studio: Studio,
    ledger: Ledger,
    job: Render,
    source: Raster | None,
    done: Done,
    settings: Settings,
) -> Publication:
    """Publish a job's picture; None if another machine has made it meanwhile.

    The steps come in this order because the program may end between any two of them, and the disk
    may fail at any. Each `yield` names the thread that has to go on; the first part is the
    ledger's. Raises OSError, or PictureError for a picture that cannot carry what it has to say.
    """
    # Made elsewhere: it may have been picked or deleted since, and its name be free again.
    ledger.reload()
    if job.ordinal in ledger.history.made(job.stage, job.request):
        return None
    # Announced: from here on a restart looks for the picture, so it is made neither twice nor
    # never. An earlier try may have put it there, when the disk had no room for the entry.
    path = publication.path_of(job, settings, datetime.now(UTC))
    lying = publication.announce(studio, ledger, job, path)
    yield "press"
    try:
        # Before the picture, so that what lies there can be made again: its source's pixels,
        # unless the recipe says how those were made, and its recipe, should the file lose it.
        if source is not None and isinstance(picked(job.recipe), Pixels):
            sources.keep(studio, _image(source))
        record = _record(job, done.facts, studio.name, done.links)
        data, record = picture.publishable(_image(done.picture), job.recipe, record, job.encoding)
        archive.enter(studio, job.recipe, record)
        sketches.enter(studio, record.pixels, _image(done.picture))
        # Whole or not at all, and over nobody's file.
        state = None
        if lying is None:
            lying = publication.put(studio, job, path, data)
            state = _state(studio, lying, len(data))
            if settings.together.work != "off":
                twins.keep(studio, job.recipe.id, data)
        _keep_features(job, done, record, studio)
    except Exception:
        yield "ledger"
        publication.withdraw(ledger, job)  # this run makes it again; a restart looks for it
        raise
    yield "ledger"
    # Entered last: only what lies there is ever called made.
    publication.enter(ledger, job, lying, record.pixels)
    return Published(lying, record, state)


def pass_over(
    studio: Studio, ledger: Ledger, job: RenderDraft, given_up: GivenUp, settings: Settings
) -> str:
    """Enter a draft that was given up, and what was known of it; returns the path it never had.

    Its text is what its picture would have carried. Raises OSError, or PictureError for too much
    to say.
    """
    now, record = datetime.now(UTC), _record(job, {}, studio.name)
    path = publication.path_of(job, settings, now)
    sides = (job.recipe.width, job.recipe.height)
    known = about(job.recipe.id, (job.recipe, record), sides, given_up.features)
    opinions.keep(studio, replace(known, chance=0.0))
    ledger.append(
        PassedOver(
            request=job.request,
            ordinal=job.ordinal,
            recipe=job.recipe.id,
            name=path,
            score=given_up.score,
            step=given_up.step,
            steps=given_up.steps,
            text=recipe_text.document(job.recipe, record),
            at=now.isoformat(timespec="seconds"),
        )
    )
    return path


def require_room(job: Render, studio: Studio) -> None:
    """Raises PictureError if the file of a job's picture could not carry what it has to say."""
    between = [Between(_NOT_YET, {}) for _ in range(job.recipe.link - 1)]
    picture.require_room(job.recipe, _record(job, {}, studio.name, between), job.encoding)


def keep_encoded(studio: Studio, job: Encode, source: Raster, seen: dict[str, bytes]) -> None:
    """Keep what taste may learn from a picture that was shown to a model. Raises OSError."""
    image = _image(source)
    kinds = {**seen, **measured.features(image)}
    opinions.keep(studio, replace(about(job.request, job.ours, image.size, kinds), encoded=True))


def _keep_features(job: Render, done: Done, record: Record, studio: Studio) -> None:
    """Keep what taste may learn from a draft. A disk that does not take it is no reason to fail."""
    if not isinstance(job, RenderDraft):
        return
    sides = (done.picture.width, done.picture.height)
    try:
        known = about(job.recipe.id, (job.recipe, record), sides, done.features)
        opinions.keep(studio, replace(known, chance=done.chance))
    except OSError as error:
        _log.warning("what taste could learn from %s was not saved: %s", job.recipe.id[:8], error)


def _state(studio: Studio, path: str, size: int) -> Reading | None:
    """The state of a file that was just put there with so many bytes; None if it is another."""
    try:
        status = beneath.status(studio.root, path)
    except OSError:
        return None
    return Reading.of(status) if status is not None and status.st_size == size else None


def _image(raster: Raster) -> Image:
    return from_rgb((raster.width, raster.height), raster.rgb)


def _record(
    job: Render, facts: dict[str, Any], studio: str, between: Sequence[Between] = ()
) -> Record:
    """What a picture says of its making, beside its recipe, as far as its file is not concerned."""
    if isinstance(job, RenderDraft):
        template, overrides = job.template, job.prompt.overrides
    else:
        template, overrides = "", job.record.overrides if job.record else {}
    source = None if isinstance(job, RenderDraft) else job.record
    software = f"hotfolder {__version__}"
    for link in between:
        source = Record(
            stage=LINK, pixels=link.pixels, software=software, source=source, **link.facts
        )
    return Record(
        stage=job.stage,
        pixels=_NOT_YET,
        software=software,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=job.profile_name,
        template=template,
        prompt_file=printable(job.prompt_file),
        overrides=overrides,
        request=job.request,
        ordinal=job.ordinal,
        studio=studio,
        source=source,
        steered=job.steered if isinstance(job, RenderDraft) else "",
        picked="" if isinstance(job, RenderDraft) else job.picked,
        wanted=0 if isinstance(job, RenderDraft) else job.wanted,
        **{**facts, "notes": _notes(job, facts)},
    )


def _notes(job: Render, facts: dict[str, Any]) -> tuple[str, ...]:
    """What was not used of what was asked for, as far as a record has room for it."""
    told = dict.fromkeys([*job.notes, *facts.get("notes", ())])
    return tuple(brief(says, _LONGEST_NOTE) for says in islice(told, _MOST_NOTES))
