"""The ledger on disk: append-only lines of JSON, one file for each machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hotfolder.history import Entry, Finished, History, Made, Picked
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_conflict, is_temporary
from hotfolder.studio.store import local
from hotfolder.studio.store.journal import Journal, is_sound

Event = Made | Finished | Picked


class Ledger:
    """What was made, on disk and (as `history`) in memory.

    Each machine appends to a file of its own, so that a sync client never sees two writers on one
    file; all files are read. They say what has happened, and nothing else of them counts: what is
    about to happen stands in this machine's journal. A line that is torn or not understood is
    passed over.
    """

    def __init__(self, studio: Studio, machine: str | None = None) -> None:
        self.history = History()
        self._folder = studio.ledger
        machine = machine or local.machine()
        self._own = studio.ledger / f"{machine}.jsonl"
        self._read_to: dict[Path, int] = {}
        self._finished_elsewhere: set[str] = set()
        self.reload()
        self._finished_elsewhere.clear()
        self._journal = Journal(studio.root, machine)
        for entry in self._journal.unfinished():
            self.history.apply(entry)

    def append(self, entry: Entry) -> None:
        """Write one more entry, durable when this returns (that of a picture to come need not be).

        What has happened is entered here before the journal knows that it came to its end.
        """
        if isinstance(entry, Event):
            self._enter(entry)
        self._journal.append(entry)
        self.history.apply(entry)

    def _enter(self, entry: Event) -> None:
        # ASCII, since a file's name may hold bytes that are no UTF-8.
        line = json.dumps(msgspec.to_builtins(entry), separators=(",", ":")).encode("ascii") + b"\n"
        self._folder.mkdir(exist_ok=True)  # some sync programs leave empty folders out
        with self._own.open("ab") as stream:
            begin = stream.tell()
            if _is_torn(self._own, begin):
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
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
                if entry and (path == self._own or not isinstance(entry, Picked)):
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


def entries(folder: Path) -> Iterator[Event]:
    """Every event of every machine in a ledger's folder, as it stands there."""
    for path in sorted(folder.glob("*.jsonl")):
        if not is_temporary(path.name) and not is_conflict(path.name):
            for line in path.read_bytes().splitlines():
                if entry := _entry(line):
                    yield entry


def _entry(line: bytes) -> Event | None:
    """The event in a line; announcements, which ledgers had once, are none."""
    try:
        entry: Event = msgspec.convert(json.loads(line), type=Event)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors as well
        return None
    return entry if is_sound(entry) else None


def _is_torn(path: Path, size: int) -> bool:
    if size == 0:
        return False
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"
