"""Thumbnails: made once for each content by worker processes, kept in the owner's cache."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from hotfolder import workers
from hotfolder.light.catalogue import Catalogue
from hotfolder.light.portrait import Portrait, Trouble, portray
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)
_MOST_BYTES = 4 * 2**30
_AT_ONCE = 8
_TOGETHER = 64


class Cache:
    """Thumbnails by the digests of their pictures' files, from any thread; may be deleted."""

    def __init__(self, file: Path) -> None:
        self._guard = threading.Lock()
        self._base = sqlite3.connect(
            local.private(file), check_same_thread=False, isolation_level=None
        )
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute("PRAGMA busy_timeout=5000")
        self._base.execute("CREATE TABLE IF NOT EXISTS thumbnail (digest BLOB UNIQUE, jpeg BLOB)")
        if file.stat().st_size > _MOST_BYTES:
            self._base.execute(
                "DELETE FROM thumbnail WHERE rowid < (SELECT (MIN(rowid) + MAX(rowid)) / 2 "
                "FROM thumbnail)"
            )

    def get(self, digest: bytes) -> bytes | None:
        """A thumbnail, a JPEG; None if it was never made or is deleted."""
        with self._guard:
            query = "SELECT jpeg FROM thumbnail WHERE digest=?"
            row = self._base.execute(query, [digest]).fetchone()
        return row[0] if row else None

    def put(self, portraits: list[Portrait]) -> None:
        """Keep thumbnails. A disk that does not take them is no reason to stop."""
        rows = [(portrait.digest, portrait.thumbnail) for portrait in portraits]
        try:
            with self._guard, self._base:
                self._base.execute("BEGIN")
                self._base.executemany("INSERT OR REPLACE INTO thumbnail VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            _log.warning("thumbnails are not kept: %s", error)

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            self._base.close()


class Painters:
    """Worker processes that portray pictures: those that somebody looks at first.

    They work at the lowest priority, for the daemon renders on the same processors. `news` is
    called with the ids of portrayed pictures, from a thread.
    """

    def __init__(
        self,
        root: Path,
        catalogue: Catalogue,
        cache: Cache,
        news: Callable[[set[int]], None],
        count: int | None = None,
    ) -> None:
        self._root = str(root)
        self._catalogue = catalogue
        self._cache = cache
        self._news = news
        self._workers = count or max(1, min(8, (os.cpu_count() or 2) - 1))
        self._pool = workers.opened(self._workers)
        self._wanted: dict[int, str] = {}
        self._working: dict[int, Future[Portrait | Trouble]] = {}
        self._finished: dict[int, Portrait | Trouble] = {}
        self._gone: set[int] = set()  # not where they lay; the next look finds them
        self._wake = threading.Condition()
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="painters", daemon=True)
        self._thread.start()

    def want(self, id_: int, path: str) -> None:
        """Somebody looks at this picture: it is portrayed next, also if it was before."""
        with self._wake:
            self._wanted.pop(id_, None)
            self._wanted[id_] = path
            self._wake.notify()

    def look_again(self) -> None:
        """There may be new pictures."""
        with self._wake:
            self._gone.clear()
            self._wake.notify()

    def close(self) -> None:
        """End the workers, and what they do."""
        with self._wake:
            self._is_open = False
            self._wake.notify()
        self._thread.join(5)
        workers.end(self._pool)

    def _run(self) -> None:
        while self._is_open:
            try:
                self._turn()
            except Exception:
                _log.exception("unexpected trouble with thumbnails")
                with self._wake:
                    self._wake.wait(1.0)

    def _turn(self) -> None:
        self._enter()
        with self._wake:
            free = self._workers * _AT_ONCE - len(self._working)
            wanted = [self._wanted.popitem() for _ in range(min(free, len(self._wanted)))]
            taken = self._working.keys() | self._finished.keys() | self._gone
        if free > len(wanted):
            others = self._catalogue.unread(self._workers * _AT_ONCE + len(taken))
            wanted += [(id_, path) for id_, path in others if id_ not in taken][
                : free - len(wanted)
            ]
        for id_, path in wanted:
            self._give(id_, path)
        with self._wake:
            if self._is_open and not self._finished and not (self._wanted and self._has_room()):
                self._wake.wait(None if self._working else 2.0)

    def _has_room(self) -> bool:
        return len(self._working) < self._workers * _AT_ONCE

    def _give(self, id_: int, path: str) -> None:
        with self._wake:
            if id_ in self._working:
                return
        try:
            future = self._pool.submit(portray, self._root, path)
        except (BrokenProcessPool, RuntimeError):
            if not self._is_open:
                return
            self._pool = workers.opened(
                self._workers
            )  # a worker was killed, for want of memory perhaps
            future = self._pool.submit(portray, self._root, path)
        with self._wake:
            self._working[id_] = future
        future.add_done_callback(lambda done: self._came(id_, done))

    def _came(self, id_: int, done: Future[Portrait | Trouble]) -> None:
        with self._wake:
            self._working.pop(id_, None)
            if done.cancelled():
                return
            says = Trouble("the program that read it crashed")
            found = says if done.exception() else done.result()
            if isinstance(found, Trouble) and found.is_gone:
                self._gone.add(id_)
            else:
                self._finished[id_] = found
            self._wake.notify()

    def _enter(self) -> None:
        """Note what the workers have found out."""
        with self._wake:
            finished, self._finished = self._finished, {}
        if finished:
            self._cache.put([p for p in finished.values() if isinstance(p, Portrait)])
            self._catalogue.describe(finished)
            self._news(set(finished))
