"""How the time of a reader grows with the size of what it reads."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

MOST = 2.3
"""Times as long, for twice as much: what takes more does not grow in proportion to its size."""

_DOUBLINGS = 3
_TRIES = 25
_LEAST_S = 0.002  # below this a clock tells nothing
_HARMLESS_S = 0.01


def growing(made: Callable[[int], Any], size: int) -> list[Any]:
    """Things to read, each twice as large as the one before."""
    return [made(size << step) for step in range(_DOUBLINGS + 1)]


def growth(read: Callable[[Any], object], texts: Sequence[Any]) -> float:
    """How many times as long it takes for twice as much: the mean of three doublings.

    The least CPU time of some tries counts, and there are more of them while the growth looks too
    large: another program on the processor makes one try slow, a reader whose time grows too fast
    makes all of them so. What takes hardly any time grows by nothing.
    """
    times = [math.inf] * len(texts)
    grows = 0.0
    gc.disable()  # it looks through all that the tests have made
    try:
        for _ in range(_TRIES):
            for step in reversed(range(len(texts))):
                times[step] = min(times[step], _taken_s(read, texts[step]))
                if times[-1] < _HARMLESS_S:
                    return 0.0
            grows = (times[-1] / max(times[0], _LEAST_S)) ** (1 / (len(texts) - 1))
            if grows <= MOST:
                break
    finally:
        gc.enable()
    return grows


def least_s(call: Callable[[], object], enough_s: float) -> float:
    """Seconds of processor time that a call takes at least; the first try below `enough_s` will do.

    Another program on the processor makes some tries slow, what takes long is so in all of them.
    """
    taken_s = math.inf
    gc.disable()  # it looks through all that the tests have made
    try:
        for _ in range(_TRIES):
            taken_s = min(taken_s, _taken_s(lambda _: call(), None))
            if taken_s < enough_s:
                break
    finally:
        gc.enable()
    return taken_s


def _taken_s(read: Callable[[Any], object], text: Any) -> float:
    began = time.thread_time()
    read(text)
    return time.thread_time() - began
