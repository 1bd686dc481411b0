"""A mirror of the files in a studio's folders, kept up to date by looks and hints."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from zlib import crc32

from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.stars import detectors
from hotfolder.studio import entries
from hotfolder.studio.beneath import DEEPEST
from hotfolder.studio.entries import Status
from hotfolder.studio.layout import SETTINGS_FILE
from hotfolder.studio.names import AT_WORK, is_private_folder, is_temporary
from hotfolder.studio.reading import Reading, encoded, state_digest

ROOMS = ("inbox", "drafts", "seeds", "profiles", "wildcards")
_TICK_S = 2.5  # of no file system that is worth watching
_SOME = 5_000
_ROOMS = (*ROOMS, SETTINGS_FILE)
_ROUNDS = 20
_NOT_READ = {"inbox/done", "inbox/failed"}
_MARKED = ("drafts", "seeds")  # where also hidden files that hold marks are read


@dataclass(slots=True)
class Changes:
    """Paths, relative to the studio, that differ from the look before.

    `last` has the last readings of the files that are gone.
    """

    changed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    last: dict[str, Reading] = field(default_factory=dict)

    def __or__(self, later: Changes) -> Changes:
        """These changes, and later ones."""
        changed, gone = self.changed | later.changed, self.gone | later.gone
        return Changes(changed, gone, self.last | later.last)


@dataclass(frozen=True, slots=True)
class _Listing:
    """A folder's state when it was listed, since when it is in it, and the folders in it.

    It is `sure` once the folder had been in this state for longer than the clock of any file system
    needs to tick: what came after the listing would have changed the state.
    """

    state: tuple[int, int, int, int]
    since: float
    sure: bool
    folders: tuple[str, ...]


class Tree:
    """The regular files in the folders that matter, each with its last reading.

    Links are not followed and special files are left out: what another machine put into a shared
    folder must not lead out of it, or block a read for ever. `digest` is a number for all files and
    their readings: see the function of that name.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.rooms: dict[str, dict[str, Reading]] = {room: {} for room in _ROOMS}
        self.digest = 0
        self._at = f"{root}/"  # joining paths properly would take most of a look's time
        self._clock = clock
        self._listed: dict[str, _Listing] = {}
        self._passed: set[str] = set()  # folders that were passed over in this round
        self._turns: list[str] = []  # files that wait for their turn
        self._files_below: Counter[str] = Counter()  # how many known files a folder has
        self._round: Iterator[tuple[str, Reading]] | None = None
        self._unmet: set[str] = set()  # files that were known before this round

    def reading(self, path: str) -> Reading | None:
        """The last reading of a file; None if it is not there."""
        return self.rooms.get(_room(path), {}).get(path)

    @property
    def folders(self) -> list[str]:
        """The folders that were looked into: each changes when something comes there or goes."""
        return list(self._listed)

    def look_everywhere(self) -> Changes:
        """Read all folders; costs one `lstat` for each file."""
        self._round = None
        changes, _ = self.look_on(lambda: False)
        return changes

    def look_on(
        self, is_time_up: Callable[[], bool], thorough: bool = True
    ) -> tuple[Changes, bool]:
        """Go on with a round through all folders; also whether it is complete.

        So a look at very many files can be had in slices. A folder may change during its round:
        files that were not met are asked for once more before they count as gone.

        A round that is not `thorough` passes over folders in which nothing came, went or was
        renamed, and over files in the others that have kept their name and inode. Only some of all
        these are asked whether they were written to: all have had their turn after some rounds.
        """
        changes = Changes()
        if self._round is None:
            walks = (self._walk(room, not thorough) for room in self.rooms)
            some = () if thorough else self._some()
            self._round = chain(chain.from_iterable(walks), some)
            self._unmet.update(*self.rooms.values())
            self._passed.clear()
        for path, reading in self._round:
            self._unmet.discard(path)
            self._met(path, reading, changes)
            if is_time_up():
                return changes, False
        self._round = None
        rest = self.look_at(self._missing())
        self._unmet = set()
        return changes | rest, True

    def _missing(self) -> list[str]:
        """The files that were not met in a round, but for those in folders passed over."""
        read = {folder for folder, files in self._files_below.items() if files} - self._passed
        below = (path for path in self._unmet if path.rpartition("/")[0] in read) if read else ()
        return [*self._unmet.intersection(self.rooms), *below]

    def look_at(self, paths: Iterable[str]) -> Changes:
        """Read these files and folders only."""
        changes = Changes()
        for path in paths:
            room = _room(path)
            if room not in self.rooms or not _is_ours(path):
                continue
            known = self.rooms[room]
            before = {path: known[path]} if path in known else {}
            if self._files_below[path]:  # it is a folder, or was one
                prefix = path + "/"
                before |= {file: known[file] for file in known if file.startswith(prefix)}
            found = dict(self._walk(path)) if self._is_within(path) else {}
            self._compare(room, found, before, changes)
        return changes

    def _is_within(self, path: str) -> bool:
        """Whether all folders above a path are real ones: a link might lead anywhere."""
        try:
            above = [entries.lstat(self._at + folder).st_mode for folder in _folders(path)]
        except OSError:
            return False
        return all(stat.S_ISDIR(mode) for mode in above)

    def _compare(
        self, room: str, found: dict[str, Reading], before: dict[str, Reading], changes: Changes
    ) -> None:
        gone = before.keys() - found.keys()
        changed = {path for path, reading in found.items() if before.get(path) != reading}
        known = self.rooms[room]
        for path in gone:
            changes.last[path] = known.pop(path)
            self.digest -= changes.last[path].digest(path)
            self._files_below.subtract(_folders(path))
        for path in changed:
            self._know(path, found[path], known)
        changes.gone |= gone
        changes.changed |= changed
        changes.gone -= changed

    def _met(self, path: str, reading: Reading, changes: Changes) -> None:
        """Compare one file that is there with its last reading."""
        known = self.rooms[_room(path)]
        last = known.get(path)
        if last == reading:
            return
        self._know(path, reading, known)
        changes.changed.add(path)
        changes.gone.discard(path)

    def _know(self, path: str, reading: Reading, known: dict[str, Reading]) -> None:
        """Take down a file's new reading."""
        if (last := known.get(path)) is None:
            self._files_below.update(_folders(path))
        else:
            self.digest -= last.digest(path)
        self.digest += reading.digest(path)
        known[path] = reading

    def _some(self) -> Iterator[tuple[str, Reading]]:
        """The files whose turn it is, anew."""
        known = sum(map(len, self.rooms.values()))
        for _ in range(min(known, max(_SOME, known // _ROUNDS))):
            if not self._turns:
                self._turns = [path for files in self.rooms.values() for path in files]
            yield from self._walk(self._turns.pop())

    def _unchanged(self, folder: str, status: Status) -> _Listing | None:
        """How a folder was listed, if nothing can have come, gone or been renamed there since."""
        listed = self._listed.get(folder)
        is_same = listed is not None and listed.sure and listed.state == _state(status)
        return listed if is_same else None

    def _note(self, folder: str, status: Status, folders: Iterable[str]) -> None:
        """Remember that a folder was just listed, and its state before that."""
        state, now, before = _state(status), self._clock(), self._listed.get(folder)
        since = before.since if before and before.state == state else now
        self._listed[folder] = _Listing(state, since, now - since >= _TICK_S, tuple(folders))

    def _walk(self, path: str, passing: bool = False) -> Iterator[tuple[str, Reading]]:
        """The regular files at or below a path. What vanishes meanwhile is not there.

        With `passing`, folders in which nothing came or went are passed over, and so are files that
        have kept their name and inode: their last reading is believed.
        """
        try:
            status = entries.lstat(self._at + path)
        except OSError:
            return
        name = path.rpartition("/")[2]
        if stat.S_ISREG(status.st_mode) and _is_read(path, name, private=False):
            yield path, Reading.of(status)
            return
        is_folder = stat.S_ISDIR(status.st_mode) and _is_open_folder(path)
        folders = [path] if is_folder else []
        while folders:
            folder = folders.pop()
            private = is_private_folder(folder.rpartition("/")[2])
            inside: list[str] = []
            try:
                status = entries.lstat(self._at + folder)
                if passing and (listed := self._unchanged(folder, status)):
                    self._passed.add(folder)
                    folders += listed.folders
                    continue
                with entries.scandir(self._at + folder) as found:
                    for entry in found:
                        below = f"{folder}/{entry.name}"
                        known = self.reading(below)
                        if passing and known and _is_same(entry, known):
                            yield below, known
                            continue
                        if below in _NOT_READ:
                            continue
                        if entries.is_folder(entry):
                            if not private and _is_open_folder(below):
                                inside.append(below)
                            continue
                        is_read = known or _is_read(below, entry.name, private)
                        if is_read and (reading := _reading(entry)):
                            yield below, reading
            except OSError:
                self._listed.pop(folder, None)
                continue
            self._note(folder, status, inside)
            folders += inside


def digest(root: Path) -> int:
    """What `Tree.digest` is after a look everywhere, in a third of its time."""
    total, folders = 0, list[str]()
    for room in _ROOMS:
        with suppress(OSError):
            status = entries.lstat(f"{root}/{room}")
            if stat.S_ISREG(status.st_mode):
                total += Reading.of(status).digest(room)
            elif stat.S_ISDIR(status.st_mode):
                folders.append(room)
    while folders:
        with suppress(OSError):
            total += _digest_of(root, folders.pop(), folders)
    return total


def _digest_of(root: Path, folder: str, folders: list[str]) -> int:
    """The part of the files in a folder; those in it go to `folders`."""
    total, above = 0, crc32(encoded(f"{folder}/"))
    private = is_private_folder(folder.rpartition("/")[2])
    with entries.scandir(f"{root}/{folder}") as inside:
        for entry in inside:
            name, below = entry.name, f"{folder}/{entry.name}"
            try:
                status = entries.status(entry)
            except OSError:
                continue
            if below in _NOT_READ:
                continue
            if stat.S_ISREG(status.st_mode):
                is_read = _is_read(below, name, private)
                total += state_digest(crc32(encoded(name), above), status) if is_read else 0
            elif stat.S_ISDIR(status.st_mode) and not private and _is_open_folder(below):
                folders.append(below)
    return total


def _state(status: Status) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _is_same(entry: os.DirEntry[str], known: Reading) -> bool:
    """Whether a name still belongs to the file that was read; costs no call, or is not asked."""
    if sys.platform == "win32":
        return False
    return entry.inode() == known.inode and entry.is_file(follow_symlinks=False)


def _reading(entry: os.DirEntry[str]) -> Reading | None:
    """The reading of a regular file; None for anything else."""
    if not entry.is_file(follow_symlinks=False):
        return None
    try:
        status = entries.status(entry)
    except OSError:
        return None
    return Reading.of(status) if stat.S_ISREG(status.st_mode) else None


def _room(path: str) -> str:
    return path.partition("/")[0]


def _is_ours(path: str) -> bool:
    if any(path == off or path.startswith(off + "/") for off in _NOT_READ):
        return False
    return not _is_in_private(path) or _holds_marks(path)


def _is_in_private(path: str) -> bool:
    return any(map(is_private_folder, path.split("/")[:-1]))


def _is_open_folder(path: str) -> bool:
    """Whether a folder is looked into: no program's own, but for those that hold marks."""
    if path.count("/") >= DEEPEST:
        return False
    name = path.rpartition("/")[2]
    return not is_private_folder(name) or (_room(path) in _MARKED and name in detectors.folders())


def _is_read(path: str, name: str, private: bool) -> bool:
    """Whether a file of this name is read; `private` says whether its folder is hidden."""
    return not (private or is_temporary(name)) or _holds_marks(path)


def _holds_marks(path: str) -> bool:
    """Whether a hidden file belongs to a picture that is not hidden."""
    if _room(path) not in _MARKED:
        return False
    groups = detectors.pictures(path, picture_suffixes())
    at_work = [path.removesuffix(AT_WORK)] if path.endswith(AT_WORK) else []
    return any(not _is_in_private(place) for place in chain(at_work, *groups))


def _folders(path: str) -> list[str]:
    """The folders that a path lies in, up to the room."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]
