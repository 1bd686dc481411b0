"""Whose turn it is to compute on this machine: pictures come before what is learned from them.

All programs of this user see it by locks in local state, which the system frees when a program
ends, however it ends. Who renders says so: that a picture is wanted, then that it is drawn. Who
learns holds one lock while its weights are on the device, and looks between two steps whether
anybody wants it.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol

from filelock import FileLock, Timeout

from hotfolder.studio.store import local

Stage = Literal["draft", "final"]

_log = logging.getLogger(__name__)
_LOOKS_EVERY_S = 0.01
_PATIENCE_S = 60.0  # a training step takes seconds; one that hangs must not stop the pictures
_DEAD_S = 3600.0
_numbers = itertools.count()


def folder() -> Path:
    """Where the locks lie."""
    return local.state() / "turns"


@contextlib.contextmanager
def drawing(stage: Stage, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Draw a picture when nobody learns any more, which takes no longer than a training's step.

    `meanwhile` is called while that is waited for, and may raise. Where locks cannot be had the
    picture is drawn all the same.
    """
    with contextlib.ExitStack() as held:
        try:
            _come(stage, meanwhile, held)
        except (OSError, NotImplementedError) as error:  # a disk without locks
            _log.debug("no turns are taken: %s", error)
        yield


def _come(stage: Stage, meanwhile: Callable[[], None], held: contextlib.ExitStack) -> None:
    local.make_folder(folder())
    name = f"{os.getpid()}-{next(_numbers)}"
    wish = _held(folder() / f"{name}-wants-{stage}.lock", held)
    learning, until = _learning(), time.monotonic() + _PATIENCE_S
    while True:
        try:
            with learning.acquire(blocking=False):
                _held(folder() / f"{name}-draws.lock", held)
                break
        except Timeout:
            if time.monotonic() > until:
                _log.warning("a training run does not give way; the picture is drawn alongside it")
                break
        meanwhile()
        time.sleep(_LOOKS_EVERY_S)
    _free(wish)


def _held(path: Path, held: contextlib.ExitStack) -> FileLock:
    lock = FileLock(path, mode=0o600, thread_local=False)
    lock.acquire()
    held.callback(_free, lock)
    return lock


def _free(lock: FileLock) -> None:
    lock.release(force=True)
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


def _learning() -> FileLock:
    return FileLock(folder() / "learning.lock", mode=0o600, thread_local=False)


class Movable(Protocol):
    """What takes up room on the device."""

    def leave(self) -> None:
        """Go from the device."""

    def come(self) -> None:
        """Come to the device."""


class Learner:
    """The turns of a training, which may have `share` of the time while drafts are drawn."""

    def __init__(
        self,
        share: float,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share = share
        self._clock = clock
        self._pause = pause
        self._lock = _learning()
        self._credit_s = 0.0
        self._looked_at = clock()

    def attend(self, weights: Movable | None, on_wait: Callable[[], None]) -> None:
        """Return when it is this training's turn; `on_wait` is called now and then until it is.

        Meanwhile its `weights` leave the device.
        """
        found = wishes()
        self._count(learning=self._lock.is_locked, drafts="draft" in found)
        if self._lock.is_locked and not self._must_leave(found):
            return
        if self._lock.is_locked:
            if weights is not None:
                weights.leave()
            self._lock.release()
        while not self._may_come():
            on_wait()
            self._pause(_LOOKS_EVERY_S)
        if weights is not None:
            weights.come()
        self._looked_at = self._clock()

    def close(self) -> None:
        """Let go of the turn."""
        self._lock.release(force=True)

    def _must_leave(self, found: set[str]) -> bool:
        """A final never waits; a draft does for as long as the training's share goes."""
        return "final" in found or ("draft" in found and self._credit_s <= 0)

    def _may_come(self) -> bool:
        """Take the turn, if nobody draws; with time to its credit, before the next draft does."""
        found = wishes()
        self._count(learning=False, drafts=bool(found & {"draws", "draft"}))
        if "final" in found or (found & {"draft", "draws"} and self._credit_s <= 0):
            self._lock.release()
            return False
        local.make_folder(folder())
        try:
            if not self._lock.is_locked:
                self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return "draws" not in wishes()

    def _count(self, *, learning: bool, drafts: bool) -> None:
        """Time goes to its credit while drafts are drawn, and from it while they wait."""
        now = self._clock()
        passed, self._looked_at = now - self._looked_at, now
        if learning and drafts:
            self._credit_s -= passed
        elif drafts and self._share:
            self._credit_s += passed * self._share / (1 - self._share)


def wishes() -> set[str]:
    """What others want or do now: "draft", "final", "draws"; not what the dead have left."""
    found: set[str] = set()
    try:
        names = [path.name for path in folder().iterdir()]
    except FileNotFoundError:
        return found
    for name in names:
        what = name.removesuffix(".lock").rpartition("-")[2]
        if what not in ("draft", "final", "draws"):
            continue
        lock = FileLock(folder() / name, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            found.add(what)
        except (OSError, NotImplementedError):
            continue  # it was let go of at this moment
        else:
            lock.release()
            _clear(Path(lock.lock_file))
    return found


def _clear(dead: Path) -> None:
    """Remove what a program left that was killed; one of this moment is about to be locked."""
    with contextlib.suppress(OSError):
        if time.time() - dead.stat().st_mtime > _DEAD_S:
            dead.unlink()
