"""The log file: what happened, kept on this machine, never longer than a few megabytes."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

_MOST_BYTES = 1_000_000
_FILES = 5


class LogFile(RotatingFileHandler):
    """Writes lines with date and time to a file; when it is full it becomes FILE.1, and so on."""

    def __init__(self, path: Path) -> None:
        """Raises OSError if nothing can be written there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(
            path,
            maxBytes=_MOST_BYTES,
            backupCount=_FILES - 1,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self.setFormatter(logging.Formatter("%(asctime)s  %(levelname)-7s  %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: a disk that has no room for a log must not fill a terminal or a mailbox."""
