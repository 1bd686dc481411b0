"""The log file: what happened, kept on this machine, never longer than a few megabytes."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from hotfolder.errors import printable_lines

_MOST_BYTES = 1_000_000
_FILES = 5


class Printable(logging.Formatter):
    """Lines in which nobody can forge another: controls are escaped, further lines are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, and what belongs to it below."""
        return printable_lines(super().format(record)).replace("\n", "\n    ")


class LogFile(RotatingFileHandler):
    """Writes lines with date and time to a file; when it is full it becomes FILE.1, and so on."""

    def __init__(self, path: Path) -> None:
        """Raises OSError if nothing can be written there."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(
            path,
            maxBytes=_MOST_BYTES,
            backupCount=_FILES - 1,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self.setFormatter(Printable("%(asctime)s  %(levelname)-7s  %(message)s"))

    def _open(self) -> Any:
        """The file; a new one can be read by its owner only."""

        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(
            self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=private
        )

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: a disk that has no room for a log must not fill a terminal or a mailbox."""
