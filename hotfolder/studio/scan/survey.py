"""A studio as it lies there, for those who only describe it."""

from __future__ import annotations

import time

from hotfolder.recipes.config import Config
from hotfolder.snapshot import Snapshot
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import advice_file

_PAUSE_S = 0.02


class Survey:
    """Looks at a studio as often as it is asked to: waits for no file, and writes nothing.

    `config` takes the place of what lies in the studio. `scanner` is what it looks with.
    """

    def __init__(self, studio: Studio, config: Config | None = None) -> None:
        self.scanner = Scanner(studio, config=config, waits=False)

    @property
    def config(self) -> Config:
        """What the owner decided, as of the last look."""
        return self.scanner.config

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """Sentences on what cannot be used of files from elsewhere, by their paths."""
        return self.scanner.notes

    def look(self) -> Snapshot:
        """What the folders say now. Raises StudioMissingError."""
        self.scanner.refresh()
        while (due_s := self.scanner.due_in_s()) is not None:
            time.sleep(min(due_s, _PAUSE_S))
            self.scanner.refresh(set())
        self.scanner.rest()
        self.scanner.advice = advice_file.read(self.scanner.studio.root)
        return self.scanner.snapshot()
