"""Processes that read what strangers made: one may be ended, or die, and nothing else suffers."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process


def opened(count: int, awaited: bool = False) -> ProcessPoolExecutor:
    """So many processes, started when they are first needed, that leave the processors to others.

    Those that are `awaited` get some of them also while pictures are rendered on all. They are
    spawned: a fork would take sockets and locks along. Whatever folder is current, nothing is
    imported from it.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    return ProcessPoolExecutor(
        count, get_context("spawn"), initializer=_settle_down, initargs=(awaited,)
    )


def taken_s(pool: ProcessPoolExecutor) -> float:
    """Seconds of the processors' time that the processes have had so far."""
    import psutil

    seconds = 0.0
    for pid in list(pool._processes or {}):
        with contextlib.suppress(psutil.Error, OSError):
            times = psutil.Process(pid).cpu_times()
            seconds += times.user + times.system
    return seconds


def end(pool: ProcessPoolExecutor) -> None:
    """End the processes at once, and what they do: the program would wait at its end for them."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


def _settle_down(awaited: bool) -> None:
    """Leave the processors and Ctrl-C to others, and end with the program that wants the work."""
    import psutil

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(psutil.Error, OSError):
        low, lowest = 5, 19
        if psutil.WINDOWS:
            low, lowest = psutil.BELOW_NORMAL_PRIORITY_CLASS, psutil.IDLE_PRIORITY_CLASS
        psutil.Process().nice(low if awaited else lowest)


def end_with_parent() -> None:
    """Have this process end as soon as the one that started it has, however that ended.

    A program that is killed ends nobody; its workers would wait for it for ever.
    """
    threading.Thread(target=_wait_for_parent, name="parent", daemon=True).start()


def _wait_for_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
