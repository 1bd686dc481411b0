"""What a daemon at work says of itself, for `hotfolder status` in another process."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from hotfolder.studio import beneath
from hotfolder.studio.store import local

State = tuple[int, int, int]  # inode, size, and time of the last change in ns
_NOT_THERE = 0, 0, 0

_log = logging.getLogger(__name__)


class Progress(Struct, frozen=True):
    """How many drafts of a prompt file are made, and how many it asks for in all."""

    made: int
    wanted: int | Literal["endless"]


class Overview(Struct, frozen=True, kw_only=True):
    """What lies in a studio's folders and what that asks for, as `hotfolder.status.Status` has it.

    Without what is cheap to find out at any time: what lies in `final/` and `inbox/failed/`.
    """

    prompt_files: int
    endless_files: int
    files: dict[str, Progress]
    drafts_wanted: int
    drafts_lying: int
    drafts_made: int
    drafts_passed_over: int
    seeds: int
    finals_wanted: int
    finals_made: int
    held_back: tuple[str, ...]
    steering: str
    waiting: dict[str, str]
    broken: dict[str, str]
    notes: dict[str, tuple[str, ...]]


class StatusFile(Struct, frozen=True, omit_defaults=True):
    """`pause` is why nothing at all can be done, `waits` why the files under those paths have to
    wait, `blind` why the operating system gives no notice of changes; all are sentences. `renders`
    says of each renderer on what, and how fast.

    `overview` is how things stand, as long as all that was `seen` is in the state that it was in;
    None while files come or are read.
    """

    pause: str = ""
    waits: dict[str, str] = {}
    blind: str = ""
    renders: dict[str, str] = {}
    overview: Overview | None = None
    seen: dict[str, State] = {}


def path(root: Path) -> Path:
    """Where the status of the studio at `root` lies: in local state, or it would be synced."""
    return local.folder(root) / "bulletin.json"


def post(root: Path, status: StatusFile) -> None:
    """Post a status in place of the last one. Where that is not possible work goes on."""
    try:
        local.write(path(root), status)
    except OSError as error:
        _log.warning("`hotfolder status` will not know what is waiting: %s", error)


def read(root: Path) -> StatusFile:
    """The last status; an empty one if there is none that can be read."""
    return local.read(path(root), StatusFile) or StatusFile()


def states(root: Path, paths: Iterable[str]) -> dict[str, State]:
    """The states of files and folders of a studio now; a folder's changes as names come or go."""
    return {path: _state(root, path) for path in paths}


def _state(root: Path, path: str) -> State:
    try:
        found = beneath.status(root, path)
    except OSError:
        return _NOT_THERE
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else _NOT_THERE
