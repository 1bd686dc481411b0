"""What a daemon tells its owner beside what it does: each thing once, and only when it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hotfolder.errors import printable
from hotfolder.report.progress import Progress
from hotfolder.studio.store.status_file import StatusFile, post

_COUNTS_EVERY_S = 2.0


class Notices:
    """Tells `hotfolder status` what waits, and the progress what is to be made and what is short.

    `root` is the studio's folder, `clock` counts seconds.
    """

    def __init__(self, root: Path, progress: Progress, clock: Callable[[], float]) -> None:
        self.disk_is_low = False
        self.paused = ""
        self._root = root
        self._progress = progress
        self._clock = clock
        self._posted: StatusFile | None = None
        self._counted_at = float("-inf")

    def post(self, status: StatusFile) -> None:
        """Tell `hotfolder status` what waits, if that has changed."""
        if status != self._posted:
            post(self._root, status)
            self._posted = status

    def queue(self, count: Callable[[], tuple[int, int]]) -> None:
        """Say how many drafts and finals are to be made, not often: `count` takes a moment."""
        if self._clock() - self._counted_at >= _COUNTS_EVERY_S:
            self._counted_at = self._clock()
            self._progress.queue(*count())

    def disk(self, is_low: bool, least_gb: float) -> bool:
        """Say when the disk gets low, and when there is room again; whether it has just got low."""
        was_low, self.disk_is_low = self.disk_is_low, is_low
        if is_low and not was_low:
            self._progress.warn(f"nothing is rendered: the disk has less than {least_gb:g} GB free")
        elif was_low and not is_low:
            self._progress.say("the disk has room again")
        return is_low and not was_low

    def pause(self, paused: str) -> None:
        """Say when the owner wants nothing rendered, for a file that lies there, and when again."""
        if paused and not self.paused:
            self._progress.say(f"paused: {printable(paused)} lies there")
        elif self.paused and not paused:
            self._progress.say("it goes on")
        self.paused = paused
