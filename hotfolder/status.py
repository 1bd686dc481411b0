"""A studio's state: what lies where, what is to be made, what waits and why."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import msgspec

from hotfolder.errors import HotfolderError, printable
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.services.definition import Service
from hotfolder.services.managers import installed
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import failed, standing
from hotfolder.studio.store import last_look, local, status_file
from hotfolder.studio.store.lock import is_held
from hotfolder.studio.store.status_file import Overview, Progress, StatusFile

_PATIENCE_S = 1.0  # a daemon posts what has changed a moment later
_ASKS_EVERY_S = 0.02

__all__ = ["Progress", "Status", "status"]


class Status(Overview, frozen=True, kw_only=True):
    """What `hotfolder status` says of a studio; `--json` has the same keys, and `taste`.

    `running` says whether a daemon works on it now, `pause` why that one can do nothing at all
    (empty: it can). `files` maps prompt files to their progress. `drafts_wanted` and
    `finals_wanted` count pictures that are still to be made, without those of endless files;
    `drafts_made` and `finals_made` all that were ever made, `drafts_passed_over` those that were
    given up early and not made since. `waiting`, `broken` and `failed` (what lies in
    `inbox/failed/`) map paths, relative to the studio, to sentences, and `notes` those of files of
    which not all is used; `held_back` are sentences on what is not done for now, `steering` one on
    how taste decides what is drawn, if it does. `renders` says of each renderer of a running daemon
    where it is, on what it computes and how fast. `log` is a path, `started_by` names what starts
    the daemon by itself. All texts can be printed as they are.
    """

    studio: str
    running: bool
    pause: str
    finals_lying: int
    failed: dict[str, str]
    renders: dict[str, str]
    log: str
    started_by: tuple[str, ...]


def status(studio: Studio) -> Status:
    """The state of a studio now. Reads files; changes nothing in the studio.

    A daemon at work has posted how things stand: that is believed as long as nothing has come or
    gone in the folders since. What was found by the last look is, as long as every file is as it
    was. Else all files are looked at.
    """
    running = is_held(studio.root)
    posted = _posted(studio) if running else StatusFile()
    overview = posted.overview or _recalled(studio) or _looked(studio)
    return Status(
        **msgspec.structs.asdict(
            msgspec.structs.replace(
                overview,
                held_back=(*overview.held_back, *_unnoticed(posted)),
                waiting=overview.waiting | _others(posted.waits, overview),
            )
        ),
        studio=printable(str(studio.root)),
        running=running,
        pause=posted.pause,
        finals_lying=sum(_is_picture(path) for path in beneath.files(studio.root, "final")),
        failed=failed.reasons(studio),
        renders=posted.renders,
        log=printable(str(local.log(studio.root))),
        started_by=_started_by(studio),
    )


def _posted(studio: Studio) -> StatusFile:
    """What the daemon at work has posted, how things stand only if they still do."""
    tried_until = time.monotonic() + _PATIENCE_S
    while True:
        posted = status_file.read(studio.root)
        if not posted.overview:
            return posted
        if status_file.states(studio.root, posted.seen) == posted.seen:
            return posted
        if time.monotonic() > tried_until:
            return msgspec.structs.replace(posted, overview=None)
        time.sleep(_ASKS_EVERY_S)


def _recalled(studio: Studio) -> Overview | None:
    """What was found when somebody looked last, if all is as it was then."""
    last = last_look.recall(studio.root)
    if last is None or last.state != standing.state(studio.root, last.grounds):
        return None
    return last.overview


def _looked(studio: Studio) -> Overview:
    from hotfolder.overview import look  # which takes as long to import as all the rest

    return look(studio)


def _others(waits: dict[str, str], overview: Overview) -> dict[str, str]:
    return {path: says for path, says in waits.items() if path not in overview.broken}


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in picture_suffixes()


def _unnoticed(posted: StatusFile) -> list[str]:
    if not posted.blind:
        return []
    return [f"notices of changes: {posted.blind}; new files are seen a little later"]


def _started_by(studio: Studio) -> tuple[str, ...]:
    """What starts hotfolder on this studio by itself, as far as that can be found out."""
    try:
        return tuple(installed(Service.of(studio.root)))
    except HotfolderError:
        return ()
