"""What a daemon tells its owner beside what it does: each thing once, and only when it changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from hotfolder import refinements
from hotfolder.errors import HotfolderError, printable
from hotfolder.overview import leave, overview
from hotfolder.plan import drafts_wanted
from hotfolder.report.progress import Progress
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store.ledger import LEDGER, Ledger
from hotfolder.studio.store.status_file import StatusFile, post, states

_COUNTS_EVERY_S = 2.0
_POSTS_EVERY_S = 0.25
_SHARE = 0.005  # of a daemon's time, for `hotfolder status`
_LEAVES_IN_S = 0.5  # or not at all, since somebody waits for its end


class Notices:
    """Tells `hotfolder status` how things stand, and the progress what is to be made and is short.

    `root` is the studio's folder, `clock` counts seconds. `scanner` and `ledger` say what is known.
    """

    def __init__(
        self,
        root: Path,
        scanner: Scanner,
        ledger: Ledger,
        progress: Progress,
        clock: Callable[[], float],
    ) -> None:
        self.disk_is_low = False
        self.paused = ""
        self._root = root
        self._scanner = scanner
        self._ledger = ledger
        self._progress = progress
        self._clock = clock
        self._posted = StatusFile()
        self._posted_at = self._posts_at = float("-inf")
        self._takes_s = 0.0
        self._is_behind = False
        self._counted_at = float("-inf")

    def begin(self) -> None:
        """What was posted before, perhaps by another run, counts no more."""
        self._posted = StatusFile()
        post(self._root, self._posted)

    def post(self, status: StatusFile) -> None:
        """Tell `hotfolder status` what waits and how things stand, if that has changed.

        How things stand is found out only so often that it takes no time to speak of, and not told
        while files come or are read: whoever asks has to look then.
        """
        self._is_behind = False
        if not (status.pause or self._scanner.busy):
            status = self._with_overview(status)
        soon = self._clock() - self._posted_at < _COUNTS_EVERY_S
        if soon and self._posted.renders.keys() == status.renders.keys():
            status = replace(status, renders=self._posted.renders)  # speeds change all the time
        if status != self._posted:
            post(self._root, status)
            self._posted, self._posted_at = status, self._clock()

    def leave(self) -> None:
        """Leave how things stand to those who ask when nobody is at work, if that takes no time."""
        if self._takes_s <= _LEAVES_IN_S:
            with suppress(HotfolderError, OSError):
                leave(self._scanner, self._ledger)

    def posts_in_s(self) -> float | None:
        """Seconds until there may be more to post; None if all is told."""
        return max(0.0, self._posts_at - self._clock()) if self._is_behind else None

    def _with_overview(self, status: StatusFile) -> StatusFile:
        """The same with how things stand, and the states of what would change with that."""
        scanner, ledger, now = self._scanner, self._ledger, self._clock()
        self._is_behind = now < self._posts_at
        if self._is_behind:
            return replace(status, overview=self._posted.overview, seen=self._posted.seen)
        read = ledger.read()
        seen = states(self._root, [*scanner.witnesses(), LEDGER, *read])
        for path, size in read.items():  # what other machines wrote there since is not known yet
            inode, _, changed_ns = seen[path]
            seen[path] = inode, size, changed_ns
        found = overview(scanner.snapshot(), ledger.history, scanner.config, scanner.notes)
        self._takes_s = self._clock() - now
        self._posts_at = now + max(_POSTS_EVERY_S, self._takes_s / _SHARE)
        return replace(status, overview=found, seen=seen)

    def queue(self) -> None:
        """Say how many drafts and finals are to be made, not often: counting takes a moment."""
        if self._clock() - self._counted_at >= _COUNTS_EVERY_S:
            self._counted_at = self._clock()
            self._progress.queue(*self.wanted())

    def wanted(self) -> tuple[int, int]:
        """How many drafts and finals are still to be made."""
        wanted = self._scanner.snapshot(), self._ledger.history
        return drafts_wanted(*wanted), refinements.wanted(*wanted, self._scanner.config)

    def disk(self, is_low: bool, least_gb: float) -> bool:
        """Say when the disk gets low, and when there is room again; whether it has just got low."""
        was_low, self.disk_is_low = self.disk_is_low, is_low
        if is_low and not was_low:
            self._progress.warn(f"nothing is rendered: the disk has less than {least_gb:g} GB free")
        elif was_low and not is_low:
            self._progress.say("the disk has space again")
        return is_low and not was_low

    def pause(self, paused: str) -> None:
        """Say when the owner wants nothing rendered, for a file that lies there, and when again."""
        if paused and not self.paused:
            self._progress.say(f"paused: there is a file {printable(paused)}")
        elif self.paused and not paused:
            self._progress.say("resumed")
        self.paused = paused
