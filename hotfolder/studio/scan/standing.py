"""In which state everything is on which an overview rests: one `lstat` for each file, no more."""

from __future__ import annotations

import shutil
import stat
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from hotfolder.studio import entries
from hotfolder.studio.reading import encoded, state_digest
from hotfolder.studio.scan import tree
from hotfolder.studio.store.last_look import Grounds, State


def state(root: Path, grounds: Grounds) -> State:
    """The state of a studio's rooms, and of what else an overview rests on. No link is followed."""
    is_full = shutil.disk_usage(root).free < grounds.least_free
    return joined(tree.digest(root), beside(grounds)), is_full


def joined(rooms: int, others: int) -> int:
    """One number for those of the rooms and of all else."""
    return (rooms + others) % 2**64


def beside(grounds: Grounds) -> int:
    """A number for the state of all but the rooms."""
    total, folders = 0, list[str]()
    for place in (*grounds.alone, *grounds.whole):
        with suppress(OSError):
            status = entries.lstat(place)
            total += state_digest(crc32(encoded(place)), status)
            if stat.S_ISDIR(status.st_mode) and place in grounds.whole:
                folders.append(place)
    while folders:
        folder = folders.pop()
        with suppress(OSError), entries.scandir(folder) as inside:
            for entry in inside:
                try:
                    status = entries.status(entry)
                except OSError:
                    continue  # it has vanished, or cannot be asked
                total += state_digest(crc32(encoded(f"{folder}/{entry.name}")), status)
                if stat.S_ISDIR(status.st_mode):
                    folders.append(f"{folder}/{entry.name}")
    return total
