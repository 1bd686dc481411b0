"""What was found out about files, kept over restarts: only what has changed is read again."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import msgspec

from hotfolder.studio.reading import Reading
from hotfolder.studio.store import local

T = TypeVar("T")

_log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(tuple[str, list[int], Any]).decode


class Cache(Generic[T]):
    """Facts of one `kind` about files, each with the state of the file that it is about.

    They are lines of JSON in a file of local state; the last one about a path counts. `by` says
    what found them out (a version, a list of detectors): those of another are forgotten, and so is
    whatever cannot be read. Losing all of it costs time and nothing else.
    """

    def __init__(self, file: Path, kind: type[T], by: str, read_only: bool = False) -> None:
        self._file = file
        self._kind = kind
        self._head = json.dumps(by)
        self._read_only = read_only
        self._known: dict[str, tuple[list[int], Any]] = {}
        self._unsaved: list[str] = []
        self._lines = 0
        self._load()

    def recall(self, path: str, reading: Reading) -> T | None:
        """The fact about a file, if it is still in the state that it was in then."""
        state, fact = self._known.get(path, (None, None))
        if state != _state(reading):
            return None
        try:
            return msgspec.convert(fact, self._kind)
        except ValueError:  # msgspec's errors are ValueErrors
            return None

    def keep(self, path: str, reading: Reading, fact: T) -> None:
        """Remember a fact about a file in this state, from the next `save` on."""
        if not self._read_only:
            self._unsaved.append(_line(path, _state(reading), msgspec.to_builtins(fact)))

    def save(self) -> None:
        """Write what is new. A disk that does not take it is no reason to stop."""
        if self._unsaved:
            lines, self._unsaved = self._unsaved, []
            self._write(lines, "a" if self._lines else "w")

    def close(self, present: Collection[str]) -> None:
        """End recalling, and let go of the memory that it takes.

        The file is written anew if most of it is outdated, or about files that are not `present`.
        """
        self.save()
        if self._lines > 2 * len(present) + 100:
            self._load()  # what was kept since is there as well
            known = {path: fact for path, fact in self._known.items() if path in present}
            self._write([_line(path, *fact) for path, fact in known.items()], "w")
        self._known = {}

    def _load(self) -> None:
        try:
            head, *lines = self._file.read_text("ascii").splitlines() or [""]
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            _log.warning("%s cannot be read and is made again: %s", self._file, error)
            return
        if head != self._head:
            return
        for line in lines:
            try:
                # A file's name may hold half characters, which only the slower reader takes.
                path, state, fact = _decode(line) if "\\ud" not in line else json.loads(line)
            except (ValueError, TypeError, RecursionError):
                continue  # torn by a crash
            self._known[path] = (state, fact)
        self._lines = len(lines)

    def _write(self, lines: list[str], mode: Literal["a", "w"]) -> None:
        if self._read_only:
            return
        text = "".join(f"{line}\n" for line in ([self._head, *lines] if mode == "w" else lines))
        try:
            with local.opened(self._file, "ab" if mode == "a" else "wb") as stream:
                stream.write(text.encode("ascii"))
        except OSError as error:
            _log.warning("%s cannot be written, which only costs time: %s", self._file, error)
            self._read_only = True
            return
        self._lines = len(lines) + (self._lines if mode == "a" else 0)


def _line(path: str, state: list[int], fact: Any) -> str:
    return json.dumps([path, state, fact], separators=(",", ":"))


def _state(reading: Reading) -> list[int]:
    """Without the device, whose number another mount or start of the computer may change."""
    return [reading.inode, reading.size, reading.mtime_ns, reading.ctime_ns]
