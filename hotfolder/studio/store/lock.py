"""One daemon for one studio on one machine. The lock saves work; correctness does not need it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hotfolder.errors import HotfolderError, StudioLockedError, refusal
from hotfolder.studio.store import local

_PATIENCE_S = 0.35  # `is_held` holds it for a moment, too


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the studio's lock; raises StudioLockedError if another process holds it.

    The lock file lies in local state: in a synced or network folder it would be copied about, or
    not lock at all. The operating system frees it when the process ends, however it ends.
    """
    path = lock_path(root)
    lock = FileLock(path, timeout=_PATIENCE_S)
    try:
        local.make_folder(path.parent)
        lock.acquire()
    except Timeout:
        raise StudioLockedError(f"another hotfolder is at work on {root} already") from None
    except OSError as error:
        raise HotfolderError(f"{path} cannot be written: {refusal(error)}") from None
    try:
        yield
    finally:
        lock.release()


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
