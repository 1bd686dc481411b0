"""The ledger on disk: append-only lines of JSON, one file for each machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from hotfolder.errors import PictureError
from hotfolder.history import Entry, Finished, History, Made, PassedOver, Picked
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_conflict, is_temporary
from hotfolder.studio.store import local
from hotfolder.studio.store.journal import Journal, is_sound
from hotfolder.studio.store.signature import is_own, signed, unsigned_until

LEDGER = ".hotfolder/ledger"
_LARGEST = 512 * 2**20  # bytes; a million pictures take 350 MB
_AT_ONCE = 2**23  # bytes, which take a tenth of a second
_ROUNDS = 10_000
_MOST_FILES = 1000
_LONGEST = 2**22  # bytes of a line: a prompt file of 50,000 prompts that is finished

Event = Made | Finished | Picked | PassedOver

_decode = msgspec.json.Decoder(Event).decode


class Ledger:
    """What was made, on disk and (as `history`) in memory.

    Each machine appends to a file of its own, so that a sync client never sees two writers on one
    file; all files are read. They say what has happened, and nothing else of them counts: what is
    about to happen stands in this machine's journal. A line that is torn or not understood is
    passed over.
    """

    def __init__(self, studio: Studio, machine: str | None = None) -> None:
        self.history = History()
        self._root = studio.root
        machine = machine or local.machine()
        self._own = f"{LEDGER}/{machine}.jsonl"
        self._read_to: dict[str, int] = {}
        self._finished_elsewhere: set[str] = set()
        self.has_more = True
        self._unsigned_until = unsigned_until(studio.root, self._own)
        for _ in range(_ROUNDS):
            self.reload()
            if not self.has_more:
                break
        self._finished_elsewhere.clear()
        self._journal = Journal(studio.root, machine)
        for entry in self._journal.unfinished():
            self.history.apply(entry)

    def append(self, *entries: Entry) -> None:
        """Write more entries, durable when this returns (that of a picture to come need not be).

        What has happened is entered here before the journal knows that it came to its end.
        """
        if events := [entry for entry in entries if isinstance(entry, Event)]:
            self._enter(events)
        for event in events:  # they have happened, whatever the journal can be told
            self.history.apply(event)
        for entry in entries:
            self._journal.append(entry)
            if not isinstance(entry, Event):
                self.history.apply(entry)

    def _enter(self, events: Iterable[Event]) -> None:
        lines = b"\n".join(signed(_line(event)) for event in events)
        beneath.make_folder(self._root, LEDGER)  # some sync programs leave empty folders out
        begin, end = beneath.append_line(self._root, self._own, lines)
        if self._read_to.get(self._own, 0) == begin:  # else another program wrote here as well
            self._read_to[self._own] = end

    def reload(self) -> bool:
        """Take in what other machines appended meanwhile; whether there was anything."""
        return bool(self.news())

    def news(self) -> list[Entry]:
        """Take in what was appended since the last call, and return it.

        `has_more` says that there is more, since not all is read at once that anybody may write.
        """
        news: list[Entry] = []
        left, self.has_more = _AT_ONCE, False
        for path in _files(self._root):
            if left <= 0:
                self.has_more = True
                break
            begin = self._read_to.get(path, 0)
            lines, self._read_to[path], goes_on = _lines(self._root, path, begin)
            left -= abs(self._read_to[path] - begin)
            self.has_more = self.has_more or goes_on
            for position, line in lines:
                entry = _entry(line)
                if isinstance(entry, Picked | Finished) and not self._wrote(path, position, line):
                    if isinstance(entry, Picked):
                        continue  # of no use here
                    self._finished_elsewhere.add(entry.file)
                if entry:
                    self.history.apply(entry)
                    news.append(entry)
        return news

    def _wrote(self, path: str, position: int, line: bytes) -> bool:
        """Whether this machine wrote a line itself: into its file anybody may write."""
        return path == self._own and (position < self._unsigned_until or is_own(line))

    def read_to(self, machine: str) -> int:
        """How many bytes of a machine's ledger are known here."""
        return self._read_to.get(f"{LEDGER}/{machine}.jsonl", 0)

    def read(self) -> dict[str, int]:
        """How many bytes of each ledger are known here, by their paths."""
        return dict(self._read_to)

    def finished_elsewhere(self) -> set[str]:
        """The prompt files that other machines have finished since the last call or the start."""
        found, self._finished_elsewhere = self._finished_elsewhere, set()
        return found


def entries(root: Path) -> Iterator[Event]:
    """Every event of every machine in a studio's ledger, as it stands there."""
    for path in _files(root):
        begin, goes_on = 0, True
        while goes_on:
            lines, begin, goes_on = _lines(root, path, begin)
            yield from filter(None, (_entry(line) for _, line in lines))


def _files(root: Path) -> Iterator[str]:
    names = (name for name in beneath.names(root, LEDGER) if name.endswith(".jsonl"))
    whole = (name for name in names if not is_temporary(name) and not is_conflict(name))
    yield from (f"{LEDGER}/{name}" for name in islice(whole, _MOST_FILES))


def _lines(root: Path, path: str, begin: int) -> tuple[list[tuple[int, bytes]], int, bool]:
    """Some whole lines of a file from a byte on and where each begins, where the next ones begin,
    and whether there are any.

    Anybody's file: what cannot be read, or is larger than any ledger, holds no lines.
    """
    try:
        with beneath.reading(root, path) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size < begin:
                begin = 0  # replaced by a sync client; entries may come twice
            if size == begin or size > _LARGEST:
                return [], begin, False
            stream.seek(begin)
            data = stream.read(_AT_ONCE)
    except (OSError, PictureError):
        return [], begin, False  # a sync client is about to replace it, or it is no file
    goes_on = begin + len(data) < size
    whole = data.rfind(b"\n") + 1
    if goes_on and not whole:
        whole = len(data)  # no line is as long
    found, at = [], 0
    for line in data[:whole].split(b"\n"):
        if 0 < len(line) < _LONGEST:
            found.append((begin + at, line))
        at += len(line) + 1
    return found, begin + whole, goes_on


def _line(event: Event) -> bytes:
    """An event as it is written: ASCII, since a file's name may hold bytes that are no UTF-8."""
    return json.dumps(msgspec.to_builtins(event), separators=(",", ":")).encode("ascii")


def _entry(line: bytes) -> Event | None:
    """The event in a line; announcements, which ledgers had once, are none."""
    try:
        # A file's name may hold half characters, which only the slower reader takes.
        known = _decode(line) if b"\\ud" not in line else _convert(json.loads(line))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors as well
        return None
    return known if is_sound(known) else None


def _convert(data: object) -> Event:
    found: Event = msgspec.convert(data, type=Event)
    return found
