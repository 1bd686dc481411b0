"""A mirror of the files in a studio's folders, kept up to date by looks and hints."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hotfolder.studio.layout import SETTINGS_FILE
from hotfolder.studio.names import is_private_folder, is_temporary
from hotfolder.studio.settle import Reading

ROOMS = ("inbox", "drafts", "seeds", "profiles", "wildcards")
_NOT_READ = {"inbox/done", "inbox/failed"}


@dataclass(slots=True)
class Changes:
    """Paths, relative to the studio, that differ from the look before."""

    changed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)


class Tree:
    """The regular files in the folders that matter, each with its last reading.

    Links are not followed and special files are left out: what another machine put into a shared
    folder must not lead out of it, or block a read for ever.
    """

    def __init__(self, root: Path) -> None:
        self.rooms: dict[str, dict[str, Reading]] = {room: {} for room in (*ROOMS, SETTINGS_FILE)}
        self._root = root

    def reading(self, path: str) -> Reading | None:
        """The last reading of a file; None if it is not there."""
        return self.rooms.get(_room(path), {}).get(path)

    def look_everywhere(self) -> Changes:
        """Read all folders; costs one `lstat` for each file."""
        changes = Changes()
        for room in self.rooms:
            self._compare(room, dict(self._walk(room)), self.rooms[room], changes)
        return changes

    def look_at(self, paths: Iterable[str]) -> Changes:
        """Read these files and folders only."""
        changes = Changes()
        for path in paths:
            room = _room(path)
            if room not in self.rooms or not _is_ours(path):
                continue
            known, found = self.rooms[room], dict(self._walk(path))
            if path in known:
                before = {path: known[path]}
            elif path in found:
                before = {}
            else:  # a folder, or one that was here
                before = _below(known, path)
            self._compare(room, found, before, changes)
        return changes

    def _compare(
        self, room: str, found: dict[str, Reading], before: dict[str, Reading], changes: Changes
    ) -> None:
        gone = before.keys() - found.keys()
        changed = {path for path, reading in found.items() if before.get(path) != reading}
        known = self.rooms[room]
        for path in gone:
            known.pop(path, None)
        for path in changed:
            known[path] = found[path]
        changes.gone |= gone
        changes.changed |= changed
        changes.gone -= changed

    def _walk(self, path: str) -> Iterator[tuple[str, Reading]]:
        """The regular files at or below a path. What vanishes meanwhile is not there."""
        try:
            status = os.lstat(self._root / path)
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            yield path, Reading.of(status)
            return
        folders = [path] if stat.S_ISDIR(status.st_mode) else []
        while folders:
            folder = folders.pop()
            try:
                entries = list(os.scandir(self._root / folder))
            except OSError:
                continue
            for entry in entries:
                below = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if not is_private_folder(entry.name) and below not in _NOT_READ:
                        folders.append(below)
                elif entry.is_file(follow_symlinks=False) and not is_temporary(entry.name):
                    try:
                        yield below, Reading.of(entry.stat(follow_symlinks=False))
                    except OSError:
                        continue


def _room(path: str) -> str:
    return path.partition("/")[0]


def _is_ours(path: str) -> bool:
    *folders, name = path.split("/")
    if any(path == off or path.startswith(off + "/") for off in _NOT_READ):
        return False
    return not is_temporary(name) and not any(is_private_folder(folder) for folder in folders)


def _below(known: dict[str, Reading], path: str) -> dict[str, Reading]:
    prefix = path + "/"
    return {file: reading for file, reading in known.items() if file.startswith(prefix)}
