"""How things stood when somebody looked last: it stands as long as every file is as it was then.

Looking at very many pictures takes seconds, and asking whether any of them has changed a fraction
of one. What was found is kept in local state, and not in the studio, where anybody may write. A
daemon that ends leaves its own look there; after one that was killed somebody has to look.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, json

from hotfolder import __version__
from hotfolder.studio import entries
from hotfolder.studio.store import local
from hotfolder.studio.store.status_file import Overview

State = tuple[int, bool]
"""A number that differs once any file does, and whether the disk is full."""

_log = logging.getLogger(__name__)


class Grounds(Struct, frozen=True):
    """What an overview rests on, besides the program and the files in a studio's rooms.

    `whole` are files, and folders with all that is in them; `alone` files, and folders of which
    only what comes and goes matters. With less than `least_free` bytes on its disk a studio waits.
    """

    whole: tuple[str, ...]
    alone: tuple[str, ...]
    least_free: int


class LastLook(Struct, frozen=True):
    """What was found, by which program, and the state of what it rests on then."""

    by: str
    grounds: Grounds
    state: State
    overview: Overview


def path(root: Path) -> Path:
    """Where the last look at the studio at `root` is kept."""
    return local.folder(root) / "last_look.json"


def recall(root: Path) -> LastLook | None:
    """The last look of this program; whether it still stands is to be asked."""
    last = local.read(path(root), LastLook)
    return last if last is not None and last.by == _BY else None


def keep(root: Path, grounds: Grounds, state: State, overview: Overview) -> None:
    """Keep what was found. Where that is not possible the next one has to look as well."""
    try:
        local.replace(path(root), json.encode(LastLook(_BY, grounds, state, overview)))
    except (OSError, ValueError) as error:  # a path may hold bytes that are no text
        _log.info("the next `hotfolder status` has to look at all files: %s", error)


def _program() -> str:
    """This program, with the packages that it found when it began: some extend it."""
    installed = list[int]()
    for place in sys.path:
        if place.endswith("-packages"):
            with suppress(OSError):
                installed.append(entries.lstat(place).st_mtime_ns)
    return f"{__version__} {sys.version} {installed}"


_BY = _program()
