"""What this machine is about to do in a studio: kept in local state, so that nobody else writes it.

Whoever can write into a shared studio can write a ledger in any machine's name. So the ledger is
history, and only this journal makes a restart move, finish or look for anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hotfolder import held
from hotfolder.history import (
    Entry,
    Finished,
    Finishing,
    Made,
    Making,
    PassedOver,
    Picked,
    Picking,
    Unmade,
)
from hotfolder.studio.names import is_inside
from hotfolder.studio.store import local

_ROOMS = ("drafts", "seeds", "final")
_LONG = 2**16  # bytes; a longer journal of which everything has ended begins anew

Announcement = Making | Finishing | Picking


class Journal:
    """Announcements, and that they came to an end; where the latter is missing, a crash was first.

    Lost with the rest of local state, a restart finds out by itself nearly all that it says: a
    picture that was published has its name, a prompt file that was moved is not in the inbox.
    """

    def __init__(self, root: Path, machine: str) -> None:
        self._file = local.folder(root) / f"journal-{machine}.jsonl"
        self._open = {_what(entry): entry for entry in self._read()}

    def unfinished(self) -> tuple[Announcement, ...]:
        """What was announced and has not come to its end, as far as is known; oldest first."""
        return tuple(self._open.values())

    def _read(self) -> Iterator[Announcement]:
        """The unfinished announcements; a line that is torn or not understood is passed over."""
        found: dict[str, Announcement] = {}
        try:
            lines = self._file.read_bytes().splitlines()
        except FileNotFoundError:
            lines = []
        for line in lines:
            try:
                entry: Entry = msgspec.convert(json.loads(line), type=Entry)
            except (ValueError, RecursionError):
                continue
            if not isinstance(entry, Announcement):
                found.pop(_what(entry), None)
            elif is_sound(entry):
                found[_what(entry)] = entry
        yield from found.values()

    def append(self, entry: Entry) -> None:
        """Keep an announcement, durably (that of a picture need not be), or the end of one."""
        if isinstance(entry, Announcement):
            self._open[_what(entry)] = entry
        elif self._open.pop(_what(entry), None) is None:
            return
        if not self._open and self._size() > _LONG:
            held.delete(self._file)
            return
        # ASCII, since a file's name may hold bytes that are no UTF-8. The line end comes first: a
        # torn line ends before the next.
        line = json.dumps(msgspec.to_builtins(entry), separators=(",", ":")).encode("ascii")
        with local.opened(self._file, "ab") as stream:
            stream.write(b"\n" + line)
            stream.flush()
            if isinstance(entry, Finishing | Picking):
                os.fsync(stream.fileno())

    def _size(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0


def is_sound(entry: Entry) -> bool:
    """Whether all paths in an entry lead to where its kind of file belongs, inside the studio."""
    if isinstance(entry, Making | Made | PassedOver):
        return is_inside(entry.name, *_ROOMS)
    if isinstance(entry, Finishing):
        moved = (entry.file, *entry.beside)
        return is_inside(entry.to, "inbox/done") and all(is_inside(path, "inbox") for path in moved)
    if isinstance(entry, Finished):
        return is_inside(entry.to, "inbox/done") and is_inside(entry.file or "inbox/x", "inbox")
    if isinstance(entry, Picking):
        froms, tos = (entry.file, *entry.sidecars), (entry.to, *entry.sidecars.values())
        return all(is_inside(path, "drafts") for path in froms) and all(
            is_inside(path, "seeds") for path in tos
        )
    if isinstance(entry, Picked):
        return is_inside(entry.to, "seeds")
    return True


def _what(entry: Entry) -> str:
    """What an announcement and its end have in common."""
    if isinstance(entry, Making | Made | PassedOver | Unmade):
        return entry.recipe
    return entry.to
