"""The ledger on disk: append-only lines of JSON, one file for each machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hotfolder.history import Entry, Finished, History, Made, Making
from hotfolder.studio.names import is_conflict, is_temporary
from hotfolder.studio.store import local


class Ledger:
    """What was made, on disk and (as `history`) in memory.

    Each machine appends to a file of its own, so that a sync client never sees two writers on one
    file; all files are read. Of other machines only what has happened counts: what they announced
    is theirs to bring to an end. A line that is torn or not understood is passed over.
    """

    def __init__(self, folder: Path, machine: str | None = None) -> None:
        self.history = History()
        self._folder = folder
        self._own = folder / f"{machine or local.machine()}.jsonl"
        self._read_to: dict[Path, int] = {}
        self._finished_elsewhere: set[str] = set()
        self.reload()
        self._finished_elsewhere.clear()

    def append(self, entry: Entry) -> None:
        """Write one more entry, durable when this returns (an announcement need not be)."""
        # ASCII, since a file's name may hold bytes that are no UTF-8.
        line = json.dumps(msgspec.to_builtins(entry), separators=(",", ":")).encode("ascii") + b"\n"
        self._folder.mkdir(exist_ok=True)  # some sync programs leave empty folders out
        with self._own.open("ab") as stream:
            begin = stream.tell()
            if _is_torn(self._own, begin):
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            if not isinstance(entry, Making):
                os.fsync(stream.fileno())
        self.history.apply(entry)
        if self._read_to.get(self._own, 0) == begin:  # else another program wrote here as well
            self._read_to[self._own] = begin + len(line)

    def reload(self) -> bool:
        """Take in what other machines appended meanwhile; whether there was anything."""
        return bool(self.news())

    def news(self) -> list[Entry]:
        """Take in what was appended since the last call, and return it."""
        news: list[Entry] = []
        for path in sorted(self._folder.glob("*.jsonl")):
            if is_temporary(path.name) or is_conflict(path.name):
                continue
            begin = self._read_to.get(path, 0)
            try:
                size = path.stat().st_size
                if size < begin:
                    begin = 0  # replaced by a sync client; entries may come twice
                if size == begin:
                    continue
                with path.open("rb") as stream:
                    stream.seek(begin)
                    data = stream.read()
            except FileNotFoundError:
                continue  # a sync client is about to replace it
            whole = data.rfind(b"\n") + 1
            for line in data[:whole].splitlines():
                entry = _entry(line)
                if entry and (path == self._own or isinstance(entry, Made | Finished)):
                    self.history.apply(entry)
                    news.append(entry)
                    if path != self._own and isinstance(entry, Finished):
                        self._finished_elsewhere.add(entry.file)
            self._read_to[path] = begin + whole
        return news

    def finished_elsewhere(self) -> set[str]:
        """The prompt files that other machines have finished since the last call or the start."""
        found, self._finished_elsewhere = self._finished_elsewhere, set()
        return found


def entries(folder: Path) -> Iterator[Entry]:
    """Every entry of every machine in a ledger's folder, as it stands there."""
    for path in sorted(folder.glob("*.jsonl")):
        if not is_temporary(path.name) and not is_conflict(path.name):
            for line in path.read_bytes().splitlines():
                if entry := _entry(line):
                    yield entry


def _entry(line: bytes) -> Entry | None:
    try:
        entry: Entry = msgspec.convert(json.loads(line), type=Entry)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors as well
        return None
    return entry


def _is_torn(path: Path, size: int) -> bool:
    if size == 0:
        return False
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"
