"""Makes a gallery, or brings it up to date: only what changed is read, made and written."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import msgspec
from platformdirs import user_cache_path

from hotfolder import __version__, json_text
from hotfolder.errors import reason
from hotfolder.gallery import exhibit as exhibits
from hotfolder.gallery import folder as gallery
from hotfolder.gallery import pages
from hotfolder.gallery.arrangement import arranged
from hotfolder.gallery.exhibit import Exhibit, Trouble, exhibit
from hotfolder.gallery.pages import Options
from hotfolder.studio import beneath, entries
from hotfolder.studio.reading import Reading
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)
_POOL_FROM = 12  # pictures: below, processes take longer to start than to work


class _Known(msgspec.Struct, frozen=True):
    """A picture's file as it was read, and what was found in it."""

    state: Reading
    shown: Exhibit


class _Memory(msgspec.Struct):
    """What this computer remembers of a gallery: its pictures, and the digest of its pages."""

    version: int = exhibits.VERSION
    known: dict[str, _Known] = {}
    pages: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """How many pictures are shown, how many files were read and written, and why others are not."""

    shown: int
    read: int
    written: int
    left_out: tuple[tuple[Path, str], ...]


def make(
    pictures: Sequence[Path],
    drafts: Sequence[Path],
    folder: Path,
    options: Options,
    progress: Callable[[int, int], None],
) -> Made:
    """Make the gallery of `pictures` in `folder`; `drafts` are what they may have been made from.

    `progress` is told how many pictures were read, of how many. Raises HotfolderError for a folder
    that is not the gallery's, OSError for one that does not take it.
    """
    folder = folder.resolve()
    listed = gallery.opened(folder)
    reader = _Reader(folder, _remembered(folder), progress)
    found = reader.exhibits(pictures)
    sources = frozenset(one.source for one in found.values() if one.source)
    wanted = reader.exhibits(drafts if sources else (), sources)
    pieces = arranged(found.values(), {one.recipe: one for one in wanted.values()})
    shown = [one for piece in pieces for one in (piece.shown, piece.draft) if one is not None]
    copies = {copy for one in shown for copy in one.copies}
    digest = hashlib.sha256(
        json_text.encode((pieces, options, __version__, pages.static()))
    ).hexdigest()
    written = 0
    if digest != reader.memory.pages or not listed:
        made = dict(pages.site(pieces, options))
        files = copies | made.keys()
        gallery.enter(folder, listed | files)
        written = sum(gallery.put(folder, path, data) for path, data in made.items())
        gallery.remove(folder, listed - files)
        gallery.enter(folder, files)
    _remember(folder, _Memory(exhibits.VERSION, reader.known, digest))
    return Made(len(pieces), reader.read, written, tuple(reader.left_out))


class _Reader:
    """Reads pictures that are not known yet, in worker processes where they are many."""

    def __init__(self, folder: Path, memory: _Memory, progress: Callable[[int, int], None]) -> None:
        self.memory = memory
        self.known: dict[str, _Known] = {}
        self.read = 0
        self.left_out: list[tuple[Path, str]] = []
        self._folder = folder
        self._progress = progress
        self._there = frozenset(beneath.files(folder, "pictures"))

    def exhibits(
        self, paths: Sequence[Path], only: frozenset[str] | None = None
    ) -> dict[Path, Exhibit]:
        """What was found in these files; with `only` of the pictures that have these recipes."""
        fresh: list[Path] = []
        found: dict[Path, Exhibit] = {}
        states: dict[Path, Reading] = {}
        for path in paths:
            try:
                states[path] = Reading.of(entries.lstat(str(path)))
            except OSError as error:
                self.left_out.append((path, reason(error)))
                continue
            known = self.memory.known.get(str(path))
            if known and known.state == states[path] and self._is_ready(known.shown, only):
                found[path] = known.shown
            else:
                fresh.append(path)
        for number, (path, one) in enumerate(zip(fresh, self._fresh(fresh, only), strict=True), 1):
            self._progress(number, len(fresh))
            if isinstance(one, Trouble):
                self.left_out.append((path, one.says))
            else:
                found[path] = one
        self.read += len(fresh)
        self.known |= {str(path): _Known(states[path], one) for path, one in found.items()}
        return {path: one for path, one in found.items() if only is None or one.recipe in only}

    def _is_ready(self, shown: Exhibit, only: frozenset[str] | None) -> bool:
        is_bare = only is not None and shown.recipe not in only
        return is_bare or self._there.issuperset(shown.copies)

    def _fresh(
        self, paths: Sequence[Path], only: frozenset[str] | None
    ) -> Iterator[Exhibit | Trouble]:
        arguments = [str(path) for path in paths], repeat(str(self._folder)), repeat(only)
        if len(paths) < _POOL_FROM:
            yield from map(exhibit, *arguments)
            return
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            yield from pool.map(exhibit, *arguments, chunksize=4)


def _remembered(folder: Path) -> _Memory:
    """What is remembered of a gallery; nothing, where that is lost or of another version."""
    with suppress(OSError, ValueError, RecursionError):
        memory = json_text.decode(_cache(folder).read_bytes(), _Memory)
        if memory.version == exhibits.VERSION:
            return memory
    return _Memory()


def _remember(folder: Path, memory: _Memory) -> None:
    try:
        local.write(_cache(folder), memory)
    except OSError as error:
        _log.warning("all pictures will be read again next time: %s", reason(error))


def _cache(folder: Path) -> Path:
    """In the owner's own cache: it has paths of this computer, and a gallery is published."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return user_cache_path("hotfolder") / "galleries" / f"{digest}.json"
