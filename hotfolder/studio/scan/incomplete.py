"""Pictures whose end is missing: they are still being copied, or were cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.images import metadata
from hotfolder.studio.reading import read_file

PATIENCE = 30  # so many settling times without a change, and a picture's end is missed
_UNFINISHED = "its end is missing: it is still being copied, or it was cut off"


class Incomplete:
    """Those that may get their end yet, since a copy can pause for long, and until when.

    Times are those of a monotonic clock, in seconds. Each comes to be `late` once.
    """

    def __init__(self, root: Path, clock: Callable[[], float]) -> None:
        self._root = root
        self._clock = clock
        self._late_at: dict[str, float] = {}
        self._late: set[str] = set()

    def is_unfinished(self, path: str, quiet_s: float) -> bool:
        """Whether a picture that settled for `quiet_s` lacks its end, and may get it yet."""
        late_at = self._late_at.pop(path, self._clock() + PATIENCE * quiet_s)
        if path in self._late or self._clock() >= late_at:
            return False
        try:
            whole = metadata.complete(read_file(self._root / path, below=self._root))
        except (OSError, PictureError):
            return False  # whoever reads it in earnest says so
        if not whole:
            self._late_at[path] = late_at
        return not whole

    def late(self) -> list[str]:
        """Those that are waited for no longer; whoever reads them now says what is wrong."""
        now = self._clock()
        late = [path for path, late_at in self._late_at.items() if late_at <= now]
        self._late.update(late)
        for path in late:  # who cannot read one now is told another time
            del self._late_at[path]
        return late

    def late_in_s(self) -> list[float]:
        """Seconds until each of them is waited for no longer."""
        now = self._clock()
        return [late_at - now for late_at in self._late_at.values()]

    def forget(self, path: str) -> None:
        """A picture is gone, has begun to change, or was read whole."""
        self._late_at.pop(path, None)
        self._late.discard(path)

    def waiting(self) -> Mapping[str, str]:
        """What each of them waits for."""
        return dict.fromkeys(self._late_at, _UNFINISHED)
