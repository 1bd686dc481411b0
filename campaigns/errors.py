"""The k-th write, fsync, rename, open, unlink, mkdir of one prompt's life fails, for every k.

Each with every error of `_ERRORS`, a file that is only read with one of them in turn: the call
fails alone, and (at every `_LASTING`th k) from then on for a moment. When the fault is gone the
daemon has to finish by itself; one that ended because of it gets a successor, as from a service
manager. I6 counts daemons that lived but did not go on. Only calls about the studio and local state
count: what a program does whose own files cannot be read is another matter, so those are read
before the daemon begins.
"""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.table import Tally
from campaigns.syscalls import CHANGING, Call, changes, copy, life, numbered, pattern

TITLE = "every write, fsync, rename, open, unlink, mkdir failing with 5 errors"
COUNT = 0  # all
NAIVE = 0
_ERRORS = ("EIO", "ENOSPC", "EACCES", "EROFS", "EMFILE")
_LASTING = 10
_LASTS_S = 0.6
_NONE = "no call"


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Let every call fail, or about `count` of them spread evenly from one that `seed` chooses."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I6")
    place, book = pattern(kind, work)
    calls = _here(life(kind, place, work), work)
    faults = [
        (*call, error, lasting)
        for k, (call, is_read) in enumerate(calls)
        for error in (_ERRORS[k % len(_ERRORS)],) * is_read or _ERRORS
        for lasting in ((False, True) if k % _LASTING == 0 else (False,))
    ]
    tally.measured["faults in all"] = f"{len(faults):,}"
    stride = max(1, len(faults) // count) if count else 1
    ended = elsewhere = 0
    for name, number, error, lasting in faults[(seed - 1) % stride :: stride]:
        here = copy(place, work / "life")
        daemon = daemons.start(kind, here, stopped=True, before=daemons.in_one_thread)
        when = f"{number}+" if lasting else number
        listed = work / "calls"
        inject = ("-y", f"--trace={name}", f"--inject={name}:error={error}:when={when}")
        tracer = daemons.traced(daemon, "-o", str(listed), *inject)
        if lasting:
            time.sleep(_LASTS_S)
            tracer.send_signal(signal.SIGTERM)  # strace lets go: the fault is gone
        goes_on = _finishes(here, daemon, daemons.PATIENCE_S if kind == "hotfolder" else 1.0)
        was_alive = daemon.poll()
        daemon.stop()
        tracer.wait(daemons.PATIENCE_S)
        injected = _injected(listed)
        where = f"{name} {when} {error}: {injected}"
        if injected != _NONE and str(work) not in injected:
            elsewhere += 1
            continue
        if was_alive and not goes_on:
            case = f"{here.root} was not finished after {daemons.PATIENCE_S:g} s"
            tally.add({"I6": [case]}, where)
        ended += not was_alive
        if not goes_on:
            daemons.finish(kind, here)
        tally.runs += 1
        tally.faults += 1
        tally.add(checker.check(here.root, asdict(book)), where)
    tally.measured["not counted, since they fell on the program's own files"] = f"{elsewhere:,}"
    tally.measured["ended by the fault, went on with a successor"] = f"{ended:,}"


def _here(calls: list[str], work: Path) -> list[tuple[Call, bool]]:
    """Those calls that are about files of the studio and of local state, and whether it is read.

    The program's own files, which Python opens at times, are not what is tried here.
    """
    return [
        (call, not changes(line))
        for call, line in numbered(calls)
        if call[0] in CHANGING and str(work) in line
    ]


def _finishes(place: daemons.Place, daemon: daemons.Running, seconds: float) -> bool:
    """Whether the daemon comes to the end of its work in so many seconds, and lives."""

    def is_over() -> bool:
        return not daemon.poll() or is_done(place.root)

    try:
        daemons.until(is_over, seconds, every_s=0.02)
    except TimeoutError:
        return False
    return daemon.poll()


def _injected(listed: Path) -> str:
    """The first call that failed, as strace wrote it down."""
    lines = listed.read_text("ascii", "replace").splitlines()
    return next((line for line in lines if line.endswith("(INJECTED)")), _NONE)


def is_done(root: Path) -> bool:
    """Whether the pattern's work seems to be done: a hint when to read the disk."""
    in_inbox = [path for path in (root / "inbox").iterdir() if path.is_file()]
    finals = [path for path in (root / "final").iterdir() if path.suffix == ".png"]
    return not in_inbox and len(finals) >= 3
