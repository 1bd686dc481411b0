"""When to look where: at once where something happened, and everywhere from time to time."""

from __future__ import annotations

from collections.abc import Callable

from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.watch import Watch

_BLIND_LOOK_S = 5.0


class Schedule:
    """Turns what the `watch` hears into looks of `scanner`, and makes up for what it does not hear.

    A round is a look everywhere that comes in slices, one in each call of `go_on`.
    """

    def __init__(self, studio: Studio, clock: Callable[[], float]) -> None:
        self.watch = Watch(studio.root)
        self.scanner = Scanner(studio, clock, wake=self.watch.wake)
        self._clock = clock
        self._looked_at: float | None = None
        self._in_round = False
        self._is_doubtful = False
        self._round_s = 0.0
        self._last_round_s = 0.0

    def begin_anew(self) -> None:
        """Look everywhere at once when asked next, as at first."""
        self._looked_at = None

    def go_on(self) -> bool:
        """Look where something may have changed; whether a round everywhere is complete by that.

        Raises StudioMissingError or OSError where the studio cannot be looked at.
        """
        self._follow_hints()
        began = self._clock()
        self._in_round = self._in_round or self.round_in_s() <= 0
        if not self._in_round:
            return False
        complete = self.scanner.look_on(bool(self._is_doubtful or self.watch.blind))
        self._round_s += self._clock() - began
        if complete:
            self._in_round = self._is_doubtful = False
            self._looked_at = self._clock()
            self._last_round_s, self._round_s = self._round_s, 0.0
        return complete

    def due_in_s(self) -> float | None:
        """Seconds until another look can bring news without any new event; None: not at all."""
        return 0.0 if self._in_round else self.scanner.due_in_s()

    def round_in_s(self) -> float:
        """Seconds until the next round: few where no notices come, but no burden to a disk."""
        every_s = self.scanner.config.settings.look_seconds
        if self.watch.blind:
            every_s = min(every_s, _BLIND_LOOK_S)
        every_s = max(every_s, 20 * self._last_round_s)
        return (self._looked_at or 0.0) + every_s - self._clock()

    def _follow_hints(self) -> None:
        hints = self.watch.take()
        if self._looked_at is None:
            self.scanner.refresh()
            self._looked_at = self._clock()
            return
        self.scanner.refresh(hints or set())
        self._in_round = self._in_round or hints is None
        self._is_doubtful = self._is_doubtful or hints is None
