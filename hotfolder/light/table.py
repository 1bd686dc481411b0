"""The light table of one studio: its index, workers and acts, and what keeps them up to date."""

from __future__ import annotations

import logging
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from platformdirs import user_cache_path

from hotfolder import critic
from hotfolder.light.acts import Acts
from hotfolder.light.again import Again
from hotfolder.light.auth import Sessions
from hotfolder.light.catalogue import Catalogue, Shown
from hotfolder.light.news import News
from hotfolder.light.portrait import VERSION
from hotfolder.light.stacks import stacked
from hotfolder.light.thumbnails import Cache, Painters
from hotfolder.studio.config.load import settings_alone
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.scan.listing import ROOMS
from hotfolder.studio.scan.watch import Watch
from hotfolder.studio.store import local, making_file
from hotfolder.studio.store.lock import is_held
from hotfolder.studio.store.making_file import MakingFile

_log = logging.getLogger(__name__)
_LOOKS_EVERY_S = 30.0
_BLIND_LOOKS_EVERY_S = 3.0
_ASKS_EVERY_S = 1.0  # whether the studio is there: no notice says that it has vanished
_GATHERS_S = 0.15  # a picture that appears makes several notices
_MAKING_EVERY_S = 0.2
_TELLS_EVERY_S = 0.25
_STACKS_AT_ONCE = 2000
NEVER = 2**32 - 1


class Table:
    """Keeps the index up to date while pages look at it. `close` ends it."""

    def __init__(self, studio: Studio) -> None:
        kept = local.folder(studio.root)
        self.studio = studio
        self.news = News()
        self.is_there = True
        self.catalogue = Catalogue(studio.root, kept / "light.sqlite")
        self.cache = Cache(user_cache_path("hotfolder") / "thumbnails.sqlite")
        self.acts = Acts(studio, self.catalogue, kept / "undo")
        self.again = Again(studio, self.news)
        self.sessions = Sessions(kept / "sessions.json")
        self._is_open = True
        self._closing = threading.Event()
        self._told_at = 0.0
        self._watch = Watch(studio.root)
        self._unstacked = threading.Event()
        self._painters = Painters(studio.root, self.catalogue, self.cache, self.portrayed)
        self._threads = [
            threading.Thread(target=self._follow, name="follow", daemon=True),
            threading.Thread(target=self._stack, name="stack", daemon=True),
            threading.Thread(target=self._watch_making, name="making", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End all that goes on."""
        self._is_open = False
        self._closing.set()
        self.news.close()
        self._watch.wake()
        self._unstacked.set()
        for thread in self._threads:
            thread.join(10)
        self._watch.stop()
        self._painters.close()
        self.again.close()
        self.catalogue.close()
        self.cache.close()

    def saw(self, ids: Sequence[int]) -> None:
        """These pictures were looked at: drafts that are left as they are were not wanted."""
        shown = [picture for picture in self.catalogue.shown(ids) if not picture.seen]
        self.catalogue.saw(ids)
        left = [p.recipe for p in shown if p.room == "drafts" and p.recipe and not p.stars]
        with suppress(OSError):  # a disk that is full, or a studio that has vanished
            critic.saw(self.studio, left, time.time())

    def thumbnails(self, ids: Sequence[int], beyond: int = 0) -> bytes:
        """Thumbnails for a browser. Those that are missing are made next, the last one first,
        but for the first few, which are `beyond` the window.

        Little-endian: how many, then for each its picture's id and its length (uint32), then all
        JPEGs one behind the other. A length of 0 says that it is still to be made, `NEVER` that
        the picture cannot be read.
        """
        shown = {picture.id: picture for picture in self.catalogue.shown(ids)}
        found = [(id_, self._thumbnail(shown.get(id_), n >= beyond)) for n, id_ in enumerate(ids)]
        heads = [
            struct.pack("<II", id_, NEVER if jpeg is None else len(jpeg)) for id_, jpeg in found
        ]
        bodies = [jpeg or b"" for _, jpeg in found]
        return b"".join([struct.pack("<I", len(found)), *heads, *bodies])

    def _thumbnail(self, shown: Shown | None, is_seen: bool) -> bytes | None:
        if shown is None:
            return None
        is_read = shown.version == VERSION
        if is_read and shown.trouble:
            return None
        jpeg = self.cache.get(shown.digest) if is_read and shown.digest else None
        if jpeg is None and is_seen:
            self._painters.want(shown.id, shown.path)
        return jpeg or b""

    def portrayed(self, ids: set[int]) -> None:
        """Some portraits are done; called by a thread of the workers'."""
        self._unstacked.set()
        if time.monotonic() - self._told_at > _TELLS_EVERY_S:
            self._told_at = time.monotonic()
            self.news.tell("portrayed")

    def _follow(self) -> None:
        """Look where something happened, and everywhere from time to time."""
        self._look(None)
        next_round = time.monotonic() + _LOOKS_EVERY_S
        while self._is_open:
            missed = self.catalogue.missed
            if not (missed and self.is_there):
                self._watch.wait(_ASKS_EVERY_S)
            if not self._is_open:
                return
            time.sleep(_GATHERS_S)
            hints = self._watch.take()
            began = time.monotonic()
            vanished = self.studio.marker.is_file() != self.is_there
            if hints is None or vanished or began >= next_round:
                self._look(None)
                took = time.monotonic() - began
                every_s = _BLIND_LOOKS_EVERY_S if self._watch.blind else _LOOKS_EVERY_S
                next_round = time.monotonic() + max(every_s, 20 * took)
            else:
                self._look({hint for hint in hints if hint.partition("/")[0] in ROOMS} | missed)
                if SETTINGS_FILE in hints:
                    self._unstacked.set()
                if any(hint.startswith("inbox") for hint in hints):
                    self.news.tell("inbox")

    def _watch_making(self) -> None:
        """Tell open pages what the daemon makes, while it does."""
        file, before = making_file.path(self.studio.root), 0
        while not self._closing.wait(_MAKING_EVERY_S):
            try:
                now = file.stat().st_mtime_ns
            except OSError:
                continue
            if now != before and self.news.has_readers:
                before = now
                self.news.tell("making", self.making())

    def making(self) -> MakingFile:
        """What the daemon makes now; nothing where none is at work."""
        is_at_work = is_held(self.studio.root)
        return making_file.read(self.studio.root) if is_at_work else MakingFile()

    def _look(self, paths: set[str] | None) -> None:
        """Bring the index up to date. Where the studio has vanished, nothing counts as deleted."""
        there = self.studio.marker.is_file()
        if there != self.is_there:
            self.is_there = there
            self.news.tell("studio", {"there": there})
        if not there or paths == set():
            return
        try:
            changed = self.catalogue.refresh(paths)
        except Exception:
            _log.exception("the folders could not be looked at")
            return
        if changed:
            self._painters.look_again()
            self.news.tell("changed")

    def _stack(self) -> None:
        """Lay look-alikes on stacks, as portraits come."""
        tops = self.catalogue.tops()
        while self._is_open:
            within = settings_alone(self.studio).alike
            if self.catalogue.stack_within(within):
                tops = []
            new = self.catalogue.unstacked(_STACKS_AT_ONCE)
            if not new:
                self._unstacked.wait()
                self._unstacked.clear()
                continue
            found = stacked(new, tops, within)
            self.catalogue.stack(found)
            tops += [(id_, hash_) for id_, hash_ in new if found[id_] == id_]
            self.news.tell("stacked")
            self._closing.wait(1.0)  # what comes meanwhile is laid with it
