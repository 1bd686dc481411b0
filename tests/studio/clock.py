"""Time, passed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """A monotonic clock in seconds that stands still, or advances by `step` at each reading."""

    now: float = 1000.0
    step: float = 0.0

    def __call__(self) -> float:
        """The time."""
        self.now += self.step
        return self.now
