"""What the folders in `inbox/` say for the files below them: `folder.toml`, their names, PAUSE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from hotfolder.prompts import folder, text_encoding
from hotfolder.snapshot import PromptFile
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading, read_settled

INBOX = "inbox"
_PAUSES = ("pause", "pause.txt")
_TABLES = (folder.NAME, f"{folder.NAME}.txt")  # Windows hides endings


def is_folders(path: str) -> bool:
    """Whether a file says something of its folder, and is no prompt file."""
    return is_table(path) or _name(path) in _PAUSES


def is_table(path: str) -> bool:
    """Whether it is a `folder.toml`, in whatever case that is written."""
    return _name(path) in _TABLES


def is_pause(path: str) -> bool:
    """Whether a file pauses its folder by being there, even empty."""
    return _name(path) in _PAUSES and path.startswith(f"{INBOX}/")


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()


def above(path: str) -> list[str]:
    """The folders that a file lies in, `inbox` first."""
    return [str(parent) for parent in reversed(PurePosixPath(path).parents)][1:]


@dataclass(slots=True)
class Folders:
    """The settled `folder.toml` and PAUSE files, each read once in each of its states."""

    studio: Studio
    _files: dict[str, Reading] = field(default_factory=dict)
    _places: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _tables: dict[str, tuple[Reading, Mapping[str, Any]]] = field(default_factory=dict)

    def put(self, path: str, state: Reading) -> None:
        """Such a file has settled in this state."""
        self._files[path] = state
        self._places[path.rpartition("/")[0]].add(path)

    def remove(self, path: str) -> None:
        """It is gone, or has begun to change."""
        if self._files.pop(path, None):
            self._places[path.rpartition("/")[0]].discard(path)
        self._tables.pop(path, None)

    def paused(self, path: str) -> str | None:
        """The PAUSE file in a folder of the inbox that a file lies in; None for none."""
        return next(filter(None, (self._in(place, is_pause) for place in above(path)[1:])), None)

    @property
    def pause(self) -> str:
        """The PAUSE file that is for everything; "" for none."""
        return self._in(INBOX, is_pause)

    def table(self, path: str) -> dict[str, Any]:
        """What holds for a prompt file, as `folder.Folder` has it.

        Raises MistakesError for a folder's file with mistakes, and OSError if it cannot be read.
        """
        return folder.together(list(self._said(path)))

    def named(self, path: str, profiles: Mapping[str, Any]) -> str | None:
        """The innermost folder's name that is the name of a profile; None for none."""
        names = [PurePosixPath(place).name for place in reversed(above(path)[1:])]
        alike = {name.casefold(): name for name in profiles} | {name: name for name in profiles}
        found = (alike.get(name, alike.get(name.casefold())) for name in names)
        return next(filter(None, found), None)

    def read(self, path: str) -> Mapping[str, Any]:
        """What one `folder.toml` says. Raises as `table`."""
        state = self._files[path]
        known = self._tables.get(path)
        if known is None or known[0] != state:
            root = self.studio.root
            data = read_settled(root / path, state, text_encoding.MAX_BYTES, below=root)
            known = self._tables[path] = state, folder.parse(text_encoding.decode(data))
        return known[1]

    def _said(self, path: str) -> Iterator[Mapping[str, Any]]:
        for place in above(path):
            if file := self._in(place, is_table):
                yield self.read(file)

    def _in(self, place: str, is_one: Callable[[str], bool]) -> str:
        """The file of a kind that lies in a folder, "" for none; of several the usual name."""
        return max(filter(is_one, self._places.get(place, ())), default="")


def in_time(
    files: Iterable[PromptFile], pending: Iterable[str], minute: int
) -> tuple[list[PromptFile], dict[str, str]]:
    """The files whose folders let them be drawn from now, and what others wait for, by paths.

    Of a folder whose own file is `pending`, nothing is certain. `minute` is that of the day.
    """
    unsure = tuple(f"{path.rpartition('/')[0]}/" for path in pending if is_table(path))
    now, closed = list[PromptFile](), dict[str, str]()
    for file in files:
        if file.only and not folder.is_open(file.only, minute):
            closed[file.path] = f"its folder is used only from {file.only}"
        elif file.path.startswith(unsure):
            closed[file.path] = f"the {folder.NAME} of its folder is still being written, or empty"
        else:
            now.append(file)
    return now, closed


def minute_of_day() -> int:
    """The minute of the day, from 0 on, by this computer's clock."""
    now = datetime.now()
    return now.hour * 60 + now.minute
