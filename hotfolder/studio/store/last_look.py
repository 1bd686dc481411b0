"""How things stood when somebody looked last: it stands as long as every file is as it was then.

Looking at very many pictures takes seconds, and asking whether any of them has changed a fraction
of one. What was found is kept in local state, and not in the studio, where anybody may write.
"""

from __future__ import annotations

import logging
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from msgspec import Struct, json

from hotfolder import __version__
from hotfolder.studio import entries
from hotfolder.studio.entries import Status
from hotfolder.studio.store import local
from hotfolder.studio.store.status_file import Overview

_log = logging.getLogger(__name__)
_BY = f"{__version__} {sys.version}"


class Grounds(Struct, frozen=True):
    """What an overview rests on, besides the program.

    `whole` are files, and folders with all that is in them; `alone` files, and folders of which
    only what comes and goes matters. With less than `least_free` bytes on its disk a studio waits.
    """

    whole: tuple[str, ...]
    alone: tuple[str, ...]
    least_free: int


class LastLook(Struct, frozen=True):
    """What was found, by which program, and the `state` of its grounds then."""

    by: str
    grounds: Grounds
    state: tuple[int, bool]
    overview: Overview


def path(root: Path) -> Path:
    """Where the last look at the studio at `root` is kept."""
    return local.folder(root) / "last_look.json"


def recall(root: Path) -> Overview | None:
    """How things stand, if nobody has to look: all is as it was at the last look."""
    last = local.read(path(root), LastLook)
    if last is None or last.by != _BY or last.state != state(root, last.grounds):
        return None
    return last.overview


def keep(root: Path, grounds: Grounds, state: tuple[int, bool], overview: Overview) -> None:
    """Keep what was found. Where that is not possible the next one has to look as well."""
    try:
        local.replace(path(root), json.encode(LastLook(_BY, grounds, state, overview)))
    except (OSError, ValueError) as error:  # a path may hold bytes that are no text
        _log.info("the next `hotfolder status` looks at all files: %s", error)


def state(root: Path, grounds: Grounds) -> tuple[int, bool]:
    """A number that differs once anything differs, and whether the disk is full.

    It costs one `lstat` for each file. No link is followed.
    """
    total, folders = 0, list[str]()
    for place in (*grounds.alone, *grounds.whole):
        with suppress(OSError):
            status = entries.lstat(place)
            total += _digest(place, status)
            if stat.S_ISDIR(status.st_mode) and place in grounds.whole:
                folders.append(place)
    while folders:
        with suppress(OSError), entries.scandir(folders.pop()) as inside:
            for entry in inside:
                try:
                    status = entries.status(entry)
                except OSError:
                    continue  # it has vanished, or cannot be asked
                total += _digest(entry.name, status)
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.path)
    is_full = shutil.disk_usage(root).free < grounds.least_free
    return total % 2**64, is_full


def _digest(name: str, status: Status) -> int:
    """A number for one state of a file. The hash of numbers is the same in every process."""
    number = crc32(name.encode("utf-8", "surrogatepass"))
    what = number, status.st_mode, status.st_ino, status.st_size
    return hash((*what, status.st_mtime_ns, status.st_ctime_ns))
