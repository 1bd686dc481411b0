"""One daemon for one studio on one machine. The lock saves work; correctness does not need it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotfolder.errors import HotfolderError, StudioLockedError
from hotfolder.studio import local


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the studio's lock; raises StudioLockedError if another process holds it.

    The lock file lies in local state: in a synced or network folder it would be copied about, or
    not lock at all. The operating system frees it when the process ends, however it ends.
    """
    path = lock_path(root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+b")
    except OSError as error:
        raise HotfolderError(f"{path} cannot be written: {error.strerror}") from None
    with stream:
        _lock(stream.fileno(), root)
        # Somebody may have removed the file between open and lock: then this is no lock at all.
        if not path.exists() or os.fstat(stream.fileno()).st_ino != path.stat().st_ino:
            raise StudioLockedError(f"the lock of {root} was replaced; please try again")
        yield


def lock_path(root: Path) -> Path:
    """Where the lock of the studio at `root` lies."""
    return local.folder(root) / "lock"


def _lock(descriptor: int, root: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise StudioLockedError(f"another hotfolder is at work on {root} already") from None
