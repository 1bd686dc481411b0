"""Files of which a sync program has only the name on this computer: have it fetch the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.studio.reading import Reading, read_file

FETCHING = "only its name is on this computer; the sync program is asked for its content"
MISSING = "only its name is on this computer, and its content does not arrive; is syncing working?"
_MOST = 4
_PATIENCE_S = 60.0
_GLANCE_S = 1.0


class Placeholders:
    """Reads such files in threads of their own, which may take as long as a sync program likes.

    Some file systems make all files look like that. So one that could be read counts as being here,
    whatever it looks like. Who only describes a studio (`waits` is false) has no time to wait.
    """

    def __init__(
        self,
        root: Path,
        clock: Callable[[], float],
        read: Callable[[Path], object] = read_file,
        waits: bool = True,
    ) -> None:
        self._root = root
        self._clock = clock
        self._read = read
        self._patience_s, self._late = (_PATIENCE_S, MISSING) if waits else (_GLANCE_S, FETCHING)
        self._wanted: dict[str, Reading] = {}
        self._begun: dict[str, tuple[threading.Thread, float]] = {}
        self._here: dict[str, Reading] = {}

    def is_here(self, path: str, reading: Reading) -> bool:
        """Whether a file can be read without waiting; if not, it is fetched from now on."""
        if not reading.placeholder or self._here.get(path) == reading:
            return True
        self._wanted[path] = reading
        self._begin()
        return False

    def arrived(self) -> list[str]:
        """The files whose fetching has ended since the last call, well or not."""
        ended = [path for path, (thread, _) in self._begun.items() if not thread.is_alive()]
        for path in ended:
            del self._begun[path]
            if path in self._wanted:
                self._here[path] = self._wanted.pop(path)
        self._begin()
        return ended

    def forget(self, path: str) -> None:
        """A file is gone, or has begun to change."""
        self._wanted.pop(path, None)
        self._here.pop(path, None)

    def waiting(self) -> dict[str, str]:
        """What each file that is not here waits for."""
        return {path: self._late if self._is_late(path) else FETCHING for path in self._wanted}

    @property
    def due(self) -> bool:
        """Whether something may arrive soon."""
        return any(not self._is_late(path) for path in self._begun)

    def _begin(self) -> None:
        for path in self._wanted.keys() - self._begun.keys():
            if len(self._begun) < _MOST:
                thread = threading.Thread(target=self._fetch, args=[path], daemon=True)
                self._begun[path] = (thread, self._clock())
                thread.start()

    def _is_late(self, path: str) -> bool:
        return path in self._begun and self._clock() - self._begun[path][1] > self._patience_s

    def _fetch(self, path: str) -> None:
        with suppress(OSError, PictureError):  # whoever reads it in earnest hears of that
            self._read(self._root / path)
