"""How the time of a reader grows with the size of what it reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

_LEAST_S = 0.002  # below this a clock tells nothing


def doublings(read: Callable[[Any], object], made: Callable[[int], Any], size: int) -> list[float]:
    """How many times as long each of three doublings takes; the least CPU time of five counts.

    What takes hardly any time grows by nothing.
    """
    times = []
    for step in range(4):
        data = made(size * 2**step)
        times.append(min(_taken_s(read, data) for _ in range(5)))
    return [after / max(before, _LEAST_S) for before, after in pairwise(times)]


def _taken_s(read: Callable[[Any], object], data: Any) -> float:
    begin = time.thread_time()
    read(data)
    return time.thread_time() - begin
