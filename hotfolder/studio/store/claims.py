"""The words of the machines that share a studio, on disk: a small file for each in `.hotfolder/`.

Each machine writes its own alone, whole, so a sync client never sees two writers on one file. What
the others' say is a reason not to make a picture, or to let them; nothing is moved, made or deleted
because of it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from hotfolder import json_text
from hotfolder.errors import PictureError
from hotfolder.shares import MOST_MACHINES, Word
from hotfolder.studio import beneath
from hotfolder.studio.names import TEMPORARY
from hotfolder.studio.reading import Reading
from hotfolder.studio.store import local

CLAIMS = ".hotfolder/claims"
_LARGEST = 2**19
_MACHINE = re.compile(r"[A-Za-z0-9-]{1,64}")
_log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(Word).decode


class Claims:
    """This machine's word, and those of the others as they lie there now."""

    def __init__(self, root: Path, machine: str | None = None) -> None:
        self.me = machine or local.machine()
        self._root = root
        self._gone_file = local.folder(root) / "gone.json"
        self._read: dict[str, tuple[Reading, Word]] = {}

    def others(self) -> Mapping[str, Word]:
        """The last readable word of every other machine."""
        for name in self._machines():
            path = f"{CLAIMS}/{name}.json"
            with suppress(OSError, PictureError, ValueError, RecursionError):
                status = beneath.status(self._root, path)
                if status is None or status.st_size > _LARGEST:
                    continue
                reading = Reading.of(status)
                if name not in self._read or self._read[name][0] != reading:
                    word = _decode(beneath.read(self._root, path, _LARGEST))
                    self._read[name] = reading, word
        return {name: word for name, (_, word) in self._read.items()}

    def own(self) -> Word:
        """This machine's last word, perhaps of an earlier run."""
        with suppress(OSError, PictureError, ValueError, RecursionError):
            return _decode(beneath.read(self._root, f"{CLAIMS}/{self.me}.json", _LARGEST))
        return Word()

    def write(self, word: Word) -> None:
        """Put a word in place of this machine's last one. It need not survive a power cut."""
        temporary, data = f"{CLAIMS}/{TEMPORARY}{self.me}-word.tmp", json_text.encode(word)
        try:
            beneath.create(self._root, temporary, data, durable=False)
        except (FileNotFoundError, FileExistsError):  # no folder yet, or a crash has left it
            beneath.make_folder(self._root, CLAIMS)
            beneath.unlink(self._root, temporary)
            beneath.create(self._root, temporary, data, durable=False)
        beneath.replace(self._root, temporary, f"{CLAIMS}/{self.me}.json")

    def gone(self) -> dict[str, int]:
        """The machines that had not answered or had left, and the time of each one's last word."""
        return local.read(self._gone_file, dict[str, int]) or {}

    def keep_gone(self, gone: Mapping[str, int]) -> None:
        """Remember them for the next run, which need not wait for them again."""
        try:
            local.write(self._gone_file, gone)
        except OSError as error:
            _log.warning("which machines are gone could not be saved: %s", error)

    def _machines(self) -> Iterator[str]:
        """The names of the others; of very many only some."""
        names = (n.removesuffix(".json") for n in beneath.names(self._root, CLAIMS))
        known = sorted(n for n in names if n != self.me and _MACHINE.fullmatch(n))
        yield from known[: MOST_MACHINES - 1]
