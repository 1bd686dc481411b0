"""The prompt files in `inbox/`: what each asks for, what is wrong with it, what it waits for."""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hotfolder.errors import MistakesError, PictureError, printable, reason
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.prompts import folder, formats
from hotfolder.recipes.config import Config
from hotfolder.snapshot import BrokenFile, PromptFile
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.apart import Apart, BeingReadError, SlowError, fault
from hotfolder.studio.scan.folders import Folders, is_folders, is_table
from hotfolder.studio.scan.prompt_files import TEXT, Files, Waiting, read

_log = logging.getLogger(__name__)
NOTES = (".error.txt", ".note.txt")
"""How the names of our own notes end."""

_SIDECARS = frozenset({".xmp", ".xml"})  # picture programs put these beside pictures


@dataclass(slots=True)
class Inbox:
    """The settled files of `inbox/`, each read once in each of its states.

    A text file that has the name of a picture beside it is that picture's prompt, whichever of the
    two came first.
    """

    studio: Studio
    folders: Folders
    apart: Apart
    _explained: dict[str, str] = field(default_factory=dict)
    _files: dict[str, Reading] = field(default_factory=dict)
    _stems: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _entries: dict[str, PromptFile | BrokenFile | Waiting | None] = field(default_factory=dict)
    _unreadable: set[str] = field(default_factory=set)
    _due: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def put(self, path: str, state: Reading) -> None:
        """A file has settled in this state."""
        if is_folders(path):
            self.folders.put(path, state)
            self._read_below(path)
        self._files[path] = state
        self._stems[_stem(path)].add(path)
        self._forget(path)

    def remove(self, path: str) -> None:
        """A file is gone, or has begun to change."""
        if self._files.pop(path, None):
            if is_folders(path):
                self.folders.remove(path)
                self._read_below(path)
            self._forget(path)
            self._explained.pop(path, None)
            self._stems[_stem(path)].discard(path)
            del self._due[path]

    def read_again(self) -> None:
        """Profiles or word lists have changed: every file is to be checked against them."""
        self._entries.clear()
        self._due.update(dict.fromkeys(self._files))

    def try_again(self) -> None:
        """A file that could not be read may be readable by now."""
        for path in self._unreadable & self._files.keys():
            self._entries.pop(path, None)
            self._due.setdefault(path, None)
        self._unreadable.clear()

    @property
    def is_due(self) -> bool:
        """Whether any file has yet to be read in its present state."""
        return bool(self._due)

    def read_next(self, config: Config) -> None:
        """Read one of the files that are due."""
        path = next(iter(self._due))
        self._entries[path] = self._entry(path, config)
        self._due.pop(path, None)

    def come(self, path: str) -> None:
        """A file that is read elsewhere can be asked for again."""
        if path in self._files:
            self._due.setdefault(path, None)

    def entries(self) -> list[tuple[str, PromptFile | BrokenFile | Waiting]]:
        """What each file is that was read; those that need no attention are left out."""
        return [(path, entry) for path, entry in self._entries.items() if entry is not None]

    def explained(self, path: str) -> None:
        """The owner was told what a file waits for."""
        entry = self._entries.get(path)
        if isinstance(entry, Waiting):
            self._explained[path] = entry.says

    def unexplained(self) -> list[BrokenFile]:
        """The files that wait for their owner, who was not told yet."""
        return [
            BrokenFile(path, entry.says)
            for path, entry in self._entries.items()
            if isinstance(entry, Waiting) and entry.for_owner
            if self._explained.get(path) != entry.says
        ]

    def _read_below(self, path: str) -> None:
        """What a folder says has changed: the files below it are to be read anew."""
        place = path.rpartition("/")[0] + "/"
        for known in self._files:
            if known.startswith(place):
                self._entries.pop(known, None)
                self._due.setdefault(known, None)

    def _entry(self, path: str, config: Config) -> PromptFile | BrokenFile | Waiting | None:
        """What a file is."""
        if is_folders(path) or path.endswith(NOTES):
            return self._of_folder(path)
        suffix = formats.suffix_of(PurePosixPath(path).name)
        is_picture = suffix in picture_suffixes()
        if suffix in _SIDECARS or (suffix in TEXT and self._partners(path, picture_suffixes())):
            return None
        beside = self._partners(path, TEXT | _SIDECARS) if is_picture else ()
        if pause := self.folders.paused(path):
            return Waiting(f"there is a file {printable(pause)}; remove it to go on")
        try:
            found = self._read(path, beside, config)
        except BeingReadError as error:
            return Waiting(error.says)
        except OSError as error:
            self._unreadable.add(path)
            return Waiting(f"it cannot be read: {reason(error)}")
        except PictureError as error:
            return BrokenFile(path, str(error), beside)
        except Exception as error:  # whatever a stranger wrote, it stands alone
            _log.exception("unexpected trouble with %s", printable(path))
            return BrokenFile(path, fault(error), beside)
        if isinstance(found, Waiting) and found.unreadable:
            self._unreadable.add(path)
        if not isinstance(found, PromptFile):
            return found
        for note in found.notes:
            _log.warning("%s: %s", printable(path), note)
        return found

    def _read(
        self, path: str, beside: tuple[str, ...], config: Config
    ) -> PromptFile | BrokenFile | Waiting:
        """What stands in a file, read here or elsewhere; raises as `Apart.read`."""
        try:
            said = self.folders.table(path)
        except MistakesError:
            return Waiting("its folder's folder.toml has a mistake")
        states = {name: self._files[name] for name in (path, *beside)}
        named = self.folders.named(path, config.profiles)
        files = Files(self.studio, path, states, beside, said, named)
        requests = None
        if not self.apart.is_suspect(path):
            with suppress(SlowError), self.apart.here(path):
                requests = read(files, config, hurry=True)
        if requests is None:
            requests = self.apart.read(path, states[path], read, files, config, False)
        if not isinstance(requests, tuple):
            return requests
        arrived = states[path].ctime_ns, path
        priority, only = said.get("priority", 0), said.get("only", "")
        return PromptFile(path, requests, arrived, beside, priority, only, folder.told(said))

    def _of_folder(self, path: str) -> Waiting | None:
        """What is wrong with a folder's file; a note of ours is nothing."""
        if not is_table(path):
            return None
        try:
            self.folders.read(path)
        except OSError as error:
            self._unreadable.add(path)
            return Waiting(f"it cannot be read: {reason(error)}")
        except MistakesError as error:
            return Waiting(f"the files in this folder wait, because of a mistake: {error}", True)
        return None

    def _partners(self, path: str, suffixes: frozenset[str]) -> tuple[str, ...]:
        """Settled files beside `path` with its name and one of these endings."""
        others = sorted(self._stems[_stem(path)] - {path})
        return tuple(name for name in others if PurePosixPath(name).suffix.lower() in suffixes)

    def _forget(self, path: str) -> None:
        for known in self._stems[_stem(path)]:
            self._entries.pop(known, None)
            self._due.setdefault(known, None)


def _stem(path: str) -> str:
    return path.removesuffix(PurePosixPath(path).suffix)
