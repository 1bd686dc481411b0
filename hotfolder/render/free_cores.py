"""How many cores other programs leave free: on a busy computer more threads than that are slower.

On two cores that another program shares, two threads wait for each other: measured, a picture took
66 seconds and 33 of processor time, where one thread took 30 and 14.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from hotfolder.render import environment

_LEAST_S = 0.5  # a shorter stretch says little


@dataclass(frozen=True, slots=True)
class Sample:
    """At some time, the processor seconds that were used since the start: by all, and by us."""

    at: float
    all: float
    ours: float


def sample() -> Sample:
    """What the operating system says now."""
    used = psutil.cpu_times()
    idle = used.idle + getattr(used, "iowait", 0.0)
    # `guest` is part of `user` on Linux.
    guest = getattr(used, "guest", 0.0) + getattr(used, "guest_nice", 0.0)
    ours = psutil.Process().cpu_times()
    return Sample(time.monotonic(), sum(used) - idle - guest, ours.user + ours.system)


class FreeCores:
    """Counts the threads that pay, from what was used since the last count."""

    def __init__(
        self,
        most: int | None = None,
        cores: int | None = None,
        now: Callable[[], Sample] = sample,
    ) -> None:
        self._most = most or environment.default_threads()
        self._cores = cores or os.cpu_count() or 1
        self._now = now
        self._last = now()
        self._threads = self._most

    def count(self) -> int:
        """The cores that others left free lately, to the nearest; 1 at least, `most` at most."""
        now = self._now()
        elapsed = now.at - self._last.at
        if elapsed >= _LEAST_S:
            others = (now.all - self._last.all - (now.ours - self._last.ours)) / elapsed
            self._threads = max(1, min(self._most, round(self._cores - others)))
            self._last = now
        return self._threads
