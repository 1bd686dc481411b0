"""One daemon for one studio on one machine. The lock saves work; correctness does not need it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotfolder.errors import HotfolderError, StudioLockedError
from hotfolder.studio.store import local


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


def is_held(root: Path) -> bool:
    """Whether a hotfolder works on the studio at `root`, which need not be there now."""
    if not lock_path(root).exists():
        return False
    try:
        with locked(root):
            return False
    except StudioLockedError:
        return True


def lock_path(root: Path) -> Path:
    """Where the lock of the studio at `root` lies."""
    return local.folder(root) / "lock"


def _lock(descriptor: int, root: Path) -> None:
    for pause_s in (0.05, 0.1, 0.2, None):  # `is_held` holds it for a moment, too
        try:
            _try_to_lock(descriptor)
        except OSError:
            if pause_s is None:
                says = f"another hotfolder is at work on {root} already"
                raise StudioLockedError(says) from None
            time.sleep(pause_s)
        else:
            return


def _try_to_lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
