"""Processes that read what strangers made: one may be ended, or die, and nothing else suffers."""

from __future__ import annotations

import contextlib
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def opened(count: int) -> ProcessPoolExecutor:
    """So many processes, started when they are first needed, that leave the processors to others.

    They are spawned: a fork would take sockets and locks along. Whatever folder is current, nothing
    is imported from it.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    return ProcessPoolExecutor(count, get_context("spawn"), initializer=_settle_down)


def end(pool: ProcessPoolExecutor) -> None:
    """End the processes at once, and what they do: the program would wait at its end for them."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


def _settle_down() -> None:
    """Leave the processors and Ctrl-C to others."""
    import psutil

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(psutil.Error, OSError):
        lowest = psutil.IDLE_PRIORITY_CLASS if psutil.WINDOWS else 19
        psutil.Process().nice(lowest)
