"""Files that may take long to read, or that ended the program that read them: read elsewhere.

What is small is read in the loop itself, which takes a few milliseconds. Anything else is read in a
process of its own, one file after another, while the loop goes on; it can be ended at any time.
Every second turn is the newest file's, and one that takes long lets the others go first: so many
slow files do not hold up the one that somebody waits for. A file that was being read when the
program died is read there as well from then on, and one on which two processes have died is not
read any more: so no file can keep a studio from starting.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from hotfolder import __version__, workers
from hotfolder.errors import PictureError, printable
from hotfolder.images.metadata import Metadata
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.cache import Cache
from hotfolder.studio.store import local

T = TypeVar("T")
_Key = tuple[str, str]  # a file's path, and the name of what reads it

_log = logging.getLogger(__name__)
_MOST_DEATHS = 2
_LONGEST_S = 60.0  # of a processor
_TURN_S = 5.0  # of a processor, while other files wait; each later turn is longer
_LONGER = 4  # times
_PATIENCE = 10  # times as long may it take where others have the processors
_LOOKS_EVERY_S = 1.0
_MOST_KEPT = 256
_QUICK_TEXT_BYTES = 4_096
_QUICK_BYTES = 4 * 2**20
_QUICK_PX = 4_000_000
_QUICK_METADATA = 2**17  # characters and bytes
_NOTE_BYTES = 4_096

SETS_ASIDE = (
    "reading it crashed the program that read it, or took longer than a minute, twice; it is "
    "skipped until it changes"
)


class BeingReadError(OSError):
    """A file is being read elsewhere; ask again when it has `come`."""

    says = "it is being read, which takes a while"


class SlowError(Exception):
    """A file may take long to read, so nobody has done that yet."""


@dataclass(slots=True)
class _Wish:
    """A file in a certain state, and what is to be done with it.

    While others wait it has `turn_s` seconds of a processor; was that not enough, it begins anew
    when it is its turn again.
    """

    path: str
    reading: Reading
    call: tuple[Callable[..., Any], tuple[Any, ...]]
    began: float = 0.0
    taken_s: float = 0.0
    turn_s: float = _TURN_S
    future: Future[Any] | None = None

    def is_same(self, other: _Wish) -> bool:
        """Whether the same is asked of the same state: what stands beside a file may change too."""
        return (self.reading, self.call) == (other.reading, other.call)


class Apart:
    """Calls functions that read files, in this process or in another one.

    `wake` is called from another thread when a file has come. One that `waits` for nobody returns
    only when the file is read.
    """

    def __init__(
        self, root: Path, wake: Callable[[], None] = lambda: None, waits: bool = False
    ) -> None:
        folder = local.folder(root)
        self._wake = wake
        self.waits = waits
        self._note = _Note(folder / ("looking" if waits else "reading"))
        self._suspects = {self._note.left_over} - {""}
        self._deaths = Cache(folder / "unread.jsonl", int, __version__)
        self._died: dict[str, tuple[Reading, int]] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._wishes: dict[_Key, _Wish] = {}
        self._come: dict[_Key, _Wish] = {}
        self._turn: _Key | None = None  # whose it is
        self._newest_next = False

    def read(self, path: str, reading: Reading, function: Callable[..., T], *arguments: Any) -> T:
        """What `function` returns, called elsewhere; at most one function for each path.

        Raises what it raises; BeingReadError until that is known, and PictureError where reading
        the file in this state has ended two processes.
        """
        if self._deaths_of(path, reading) >= _MOST_DEATHS:
            raise PictureError(SETS_ASIDE)
        key = path, function.__name__
        asked = _Wish(path, reading, (function, arguments))
        came = self._come.pop(key, None)
        if came is not None and came.future is not None and came.is_same(asked):
            return came.future.result()  # type: ignore[no-any-return]
        wish = self._wishes.get(key)
        if wish is not None and not wish.is_same(asked):
            self._forget(key)
        self._wishes.setdefault(key, asked)
        self._go_on()
        if not self.waits:
            raise BeingReadError
        return self.wait_for(path, reading, function, *arguments)

    def read_alone(
        self, path: str, reading: Reading, function: Callable[..., T], *arguments: Any
    ) -> T:
        """The same for what takes much memory: of `function` one result at a time is kept."""
        if self.reads(function) and (path, function.__name__) not in self._wishes:
            raise BeingReadError
        for key in [key for key in self._come if key[1] == function.__name__ and key[0] != path]:
            del self._come[key]
        return self.read(path, reading, function, *arguments)

    def reads(self, function: Callable[..., Any]) -> bool:
        """Whether `function` is being called for some file."""
        return any(name == function.__name__ for _, name in self._wishes)

    def wait_for(
        self, path: str, reading: Reading, function: Callable[..., T], *arguments: Any
    ) -> T:
        """The same, when it is known."""
        while True:
            if self._wishes:
                self._wait()
                self.come()
            waits, self.waits = self.waits, False
            try:
                return self.read(path, reading, function, *arguments)
            except BeingReadError:
                continue
            finally:
                self.waits = waits

    @contextmanager
    def here(self, path: str) -> Iterator[None]:
        """A file is read in this process meanwhile: should that die, it is known of what."""
        self._note.write(path)
        yield

    def let_go(self) -> None:
        """No file is read in this process now."""
        self._note.write("")

    def begin_anew(self) -> None:
        """What is read elsewhere is out of date: what it is read with has changed."""
        self._wishes.clear()
        self._come.clear()
        self._turn = None
        self._end()

    def is_suspect(self, path: str) -> bool:
        """Whether a file was being read when the program died, or a process that read it did."""
        return path in self._suspects

    @property
    def due_in_s(self) -> float | None:
        """Seconds until `come` should be asked; None while nothing is read elsewhere."""
        if not self._wishes:
            return None
        futures = (wish.future for wish in self._wishes.values())
        return 0.0 if any(future and future.done() for future in futures) else _LOOKS_EVERY_S

    def come(self) -> list[str]:
        """The files that can be asked for again: they were read, or are not read any more."""
        found = []
        if (key := self._turn) is not None and (future := self._wishes[key].future) is not None:
            wish = self._wishes[key]
            if future.done() and not _has_died(future):
                self._come[key] = wish
                while len(self._come) > _MOST_KEPT:  # nobody asks for those
                    del self._come[next(iter(self._come))]
                found.append(wish.path)
            elif future.done() or self._takes_longer(wish, _LONGEST_S):
                self._note_death(wish)
                found.append(wish.path)
            elif len(self._wishes) > 1 and self._takes_longer(wish, wish.turn_s):
                self._put_off(key)
            if found:
                del self._wishes[key]
                self._turn = None
        self._go_on()
        return found

    def rest(self) -> None:
        """All that was asked for has come."""
        if not self._wishes:
            self._end()

    def close(self) -> None:
        """End what is being read."""
        self._wishes.clear()
        self._turn = None
        self._end()
        self._note.close()

    def _go_on(self) -> None:
        """Have the next file read, one at a time: so it is known on which a process dies."""
        if not self._wishes:
            if not self.waits:  # who does will ask for the next file at once
                self._end()
            return
        if self._turn is not None:
            return
        self._turn = self._next()
        wish = self._wishes[self._turn]
        self._pool = self._pool or workers.opened(1, awaited=True)
        function, arguments = wish.call
        wish.began, wish.taken_s = time.monotonic(), workers.taken_s(self._pool)
        wish.future = self._pool.submit(function, *arguments)
        wish.future.add_done_callback(lambda _: self._wake())

    def _wait(self) -> None:
        """Wait until the file that is being read was read, or has taken too long."""
        wish = self._wishes[self._turn] if self._turn else None
        if wish is not None and wish.future is not None:
            with suppress(Exception):  # whoever asks for it gets it
                wish.future.exception(_LONGEST_S + 1 if len(self._wishes) == 1 else wish.turn_s)

    def _next(self) -> _Key:
        """Whose turn it is: that of who has waited longest, or came last and had none yet."""
        self._newest_next = not self._newest_next
        waiting = list(self._wishes)
        if self._newest_next:
            return waiting[0]
        fresh = (key for key in reversed(waiting) if self._wishes[key].turn_s == _TURN_S)
        return next(fresh, waiting[0])

    def _put_off(self, key: _Key) -> None:
        """Let the others go first: it is read from its beginning after them."""
        self._end()
        wish = self._wishes.pop(key)
        wish.turn_s, wish.future = wish.turn_s * _LONGER, None
        self._wishes[key] = wish
        self._turn = None

    def _forget(self, key: _Key) -> None:
        """A file has changed, or what it is read with: what it was before is not read any more."""
        del self._wishes[key]
        if self._turn == key:
            self._turn = None
            self._end()

    def _takes_longer(self, wish: _Wish, most_s: float) -> bool:
        """Whether a file is being read for so many seconds of a processor, or very much longer."""
        since_s = time.monotonic() - wish.began
        if since_s <= most_s or self._pool is None:
            return False
        taken_s = workers.taken_s(self._pool) - wish.taken_s
        return taken_s > most_s or since_s > _PATIENCE * most_s

    def _note_death(self, wish: _Wish) -> None:
        self._end()
        self._suspects.add(wish.path)
        deaths = self._deaths_of(wish.path, wish.reading) + 1
        self._died[wish.path] = wish.reading, deaths
        self._deaths.keep(wish.path, wish.reading, deaths)
        self._deaths.save()
        if deaths >= _MOST_DEATHS:
            _log.warning("%s: %s", printable(wish.path), SETS_ASIDE)

    def _deaths_of(self, path: str, reading: Reading) -> int:
        state, deaths = self._died.get(path, (None, 0))
        return deaths if state == reading else self._deaths.recall(path, reading) or 0

    def _end(self) -> None:
        if self._pool is not None:
            workers.end(self._pool)
            self._pool = None


class _Note:
    """The file that this process is reading, written where it outlives the process."""

    def __init__(self, file: Path) -> None:
        self.left_over = ""
        self._stream: BinaryIO | None = None
        self._written = ""
        with suppress(OSError):
            self.left_over = os.fsdecode(file.read_bytes()[:_NOTE_BYTES].partition(b"\0")[0])
        with suppress(OSError):  # a full disk: then nothing is noted
            local.make_folder(file.parent)
            self._stream = local.opened(file, "wb")

    def write(self, path: str) -> None:
        if self._stream is not None and path != self._written:
            self._written = path
            with suppress(OSError):
                self._stream.seek(0)
                self._stream.write(os.fsencode(path)[: _NOTE_BYTES - 1] + b"\0")
                self._stream.flush()

    def close(self) -> None:
        self.write("")
        if self._stream is not None:
            with suppress(OSError):  # what could not be written before can still not be
                self._stream.close()
            self._stream = None


def fault(error: Exception) -> str:
    """A sentence about a file on which a reader failed as none should."""
    return f"it cannot be read, which is a bug in hotfolder ({type(error).__name__})"


def require_quick_text(size: int) -> None:
    """Raises SlowError for a text of more bytes than are surely read in 100 ms."""
    if size > _QUICK_TEXT_BYTES:
        raise SlowError


def require_quick_picture(size: int, contents: Metadata | None, most_px: int = sys.maxsize) -> None:
    """Raises SlowError for a picture that may take longer than 100 ms to decode and to read.

    `most_px`: what is done with it besides may take longer for more pixels.
    """
    if contents is None:
        return  # it is none
    said = sum(len(text) for _, text in contents.texts) + len(contents.xmp or b"")
    said += len(contents.exif or b"")
    area = contents.width * contents.height
    if size > _QUICK_BYTES or area > min(most_px, _QUICK_PX) or said > _QUICK_METADATA:
        raise SlowError


def _has_died(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)
