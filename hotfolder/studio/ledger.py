"""The ledger on disk: append-only lines of JSON, one file for each machine."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import msgspec

from hotfolder.history import Entry, History, Making
from hotfolder.studio.names import is_conflict, is_temporary


class Ledger:
    """What was made, on disk and (as `history`) in memory.

    Each machine appends to a file of its own, so that a sync client never sees two writers on one
    file; all files are read. A line that is torn or not understood is passed over.
    """

    def __init__(self, folder: Path, machine: str | None = None) -> None:
        self.history = History()
        self._folder = folder
        machine = machine or platform.node() or "machine"
        self._own = folder / (re.sub(r"[^A-Za-z0-9-]+", "-", machine)[:64] + ".jsonl")
        self._read_to: dict[Path, int] = {}
        self.reload()

    def append(self, entry: Entry) -> None:
        """Write one more entry, durable when this returns (an announcement need not be)."""
        line = msgspec.json.encode(entry) + b"\n"
        with self._own.open("ab") as stream:
            if _is_torn(self._own, stream.tell()):
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            if not isinstance(entry, Making):
                os.fsync(stream.fileno())
        self.history.apply(entry)
        self._read_to[self._own] = self._own.stat().st_size

    def reload(self) -> bool:
        """Take in what other machines appended meanwhile; whether there was anything."""
        news = False
        for path in sorted(self._folder.glob("*.jsonl")):
            if is_temporary(path.name) or is_conflict(path.name):
                continue
            begin = self._read_to.get(path, 0)
            size = path.stat().st_size
            if size < begin:
                begin = 0  # replaced by a sync client; entries may come twice
            if size == begin:
                continue
            with path.open("rb") as stream:
                stream.seek(begin)
                data = stream.read()
            whole = data.rfind(b"\n") + 1
            for line in data[:whole].splitlines():
                if entry := _entry(line):
                    self.history.apply(entry)
                    news = True
            self._read_to[path] = begin + whole
        return news


def _entry(line: bytes) -> Entry | None:
    try:
        entry: Entry = msgspec.json.decode(line, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return entry


def _is_torn(path: Path, size: int) -> bool:
    if size == 0:
        return False
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"
