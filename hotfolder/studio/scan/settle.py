"""When has a file stopped changing? Pure: readings and the time are passed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hotfolder.studio.reading import Reading


@dataclass(slots=True)
class Settling:
    """Files that were seen to change, and since when each has stayed as it is.

    A file has settled when two equal readings lie `quiet_s` apart on a monotonic clock. A file's
    own times are never compared with a clock: `cp -p` brings any mtime along, and the clock of
    another machine may be wrong. Closing a file does not mean that its writer is done: three
    appends close it three times. An empty file never settles: some program will fill it soon.
    """

    quiet_s: float
    _since: dict[str, tuple[Reading, float]] = field(default_factory=dict)

    def observe(self, path: str, reading: Reading, now_s: float) -> bool:
        """Take in a reading; whether the file has settled (it is then forgotten here)."""
        before = self._since.get(path)
        if before is None or before[0] != reading:
            self.forget(path)  # so that they stay in the order of their times
            self._since[path] = (reading, now_s)
            return False
        if reading.size == 0 or now_s - before[1] < self.quiet_s:
            return False
        del self._since[path]
        return True

    def forget(self, path: str) -> None:
        """The file is gone, or no longer of interest."""
        self._since.pop(path, None)

    def pending(self) -> tuple[str, ...]:
        """The files that have not settled yet."""
        return tuple(self._since)

    def ripe(self, now_s: float) -> Iterator[str]:
        """The files that have settled if they read as before, those that wait longest first."""
        for path, (reading, since) in self._since.items():
            if now_s - since < self.quiet_s:
                return
            if reading.size:
                yield path

    def is_pending(self, path: str) -> bool:
        """Whether a file has yet to settle; False also for one that nobody asked about."""
        return path in self._since

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until the next file may have settled; None if none is waiting."""
        since = next((since for reading, since in self._since.values() if reading.size), None)
        return None if since is None else max(0.0, since + self.quiet_s - now_s)
