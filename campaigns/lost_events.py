"""Events that never come: a queue of 64 under a flood of files, a watch limit of 12, none at all.

Run 0 floods: the queue of the daemon's watch holds 64 events, and as many files appear as `count`
asks for (100,000 for the full count), with prompt files among them. The other runs, many studios
at a time, have a watch limit of 12 (in a user namespace of their own) or lose every event. All work
must be done, and without events within one round of looks (I6).
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from campaigns.kit import checker, daemons, naive
from campaigns.kit.people import People, copied, studio
from campaigns.kit.table import Tally
from hotfolder.studio.scan.watch import Watch

TITLE = "lost events: a queue of 64 and 100,000 files, 12 watches, none at all"
COUNT = 100
NAIVE = 20
_FILES_A_RUN = 1000
_AT_A_TIME = 10
_LOOK_S = 0.5
_WITHIN_S = _LOOK_S + 20.0  # settling, the work itself, and a busy machine
_SLOWEST = "slowest without events, in s"
_CLONE_NEWUSER = 0x10000000


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """One flood of 1,000 x `count` files, and `count` studios without events."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I6")
    _flood(kind, seed, _FILES_A_RUN * count, work / "flood", tally)
    for first in range(0, count, _AT_A_TIME):
        numbers = range(first, min(count, first + _AT_A_TIME))
        _without_events(kind, seed, numbers, work / f"quiet-{first}", tally)


def _flood(kind: daemons.Kind, seed: int, files: int, work: Path, tally: Tally) -> None:
    """So many drafts appear at once, and prompt files among them."""
    work.mkdir()
    place = studio(work)
    people = People(place, f"{seed} flood")
    pattern = work / "pattern.png"
    pattern.write_bytes(_foreign_picture())
    with _queue_of(64):
        daemon = daemons.start(kind, place)
        time.sleep(1.5)  # the kernel fixes a queue's length when the watch is made
    began = time.monotonic()
    for number in range(files):
        folder = place.root / "drafts" / f"{number // 1000}"
        if number % 1000 == 0:
            folder.mkdir()
            people.drop(copied)
            base = folder / "base.png"
            base.write_bytes(pattern.read_bytes())
            people.book.own(place.root, base)
        os.link(base, folder / f"{number}.png")
    made_s = time.monotonic() - began
    end = began + made_s + (400 if kind == "hotfolder" else 5)
    while time.monotonic() < end and any(place.root.glob("inbox/*.txt")):
        time.sleep(0.2)
    done_s = time.monotonic() - began - made_s
    daemon.stop()
    daemons.finish(kind, place, seconds=2 * daemons.PATIENCE_S)
    tally.runs += 1
    tally.faults += files
    tally.measured["flood"] = (
        f"{files:,} files within {made_s:.1f} s; all work done {done_s:.1f} s later"
    )
    tally.add(checker.check(place.root, asdict(people.book)), f"seed {seed} flood")


def _without_events(
    kind: daemons.Kind, seed: int, numbers: range, work: Path, tally: Tally
) -> None:
    """Studios whose daemons have 12 watches (every second one) or get no events at all."""
    work.mkdir()
    crowd = []
    for number in numbers:
        place = studio(work, f"studio-{number}", look_s=_LOOK_S, batch=1 + number % 3)
        deaf: Callable[[], None] = _few_watches if number % 2 else _no_events
        crowd.append((People(place, f"{seed} {number}"), daemons.start(kind, place, before=deaf)))
    users = [people for people, _ in crowd]
    time.sleep(1.0)
    for turn in range(3):
        time.sleep(users[0].chance.uniform(0.0, _LOOK_S))
        for people in users:
            if turn == 1:
                people.pick()
            else:
                people.drop(copied)
        took_s = _until_done(users, daemons.PATIENCE_S if kind == "hotfolder" else 3)
        tally.faults += len(users)
        slowest = max(took_s, float(tally.measured.get(_SLOWEST, "0")))
        tally.measured[_SLOWEST] = f"{slowest:.1f}"
        if took_s > _WITHIN_S:
            tally.add({"I6": [f"{work} took {took_s:.1f} s"]}, f"seed {seed} turn {turn}")
    for people, daemon in crowd:
        daemon.stop()
        daemons.finish(kind, people.place)
        tally.runs += 1
        tally.add(checker.check(people.root, asdict(people.book)), f"seed {seed} {people.root}")


def _until_done(users: list[People], seconds: float) -> float:
    """Wait until nothing seems to be missing; how long that took, or `seconds`."""
    began = time.monotonic()
    waiting = list(users)
    while waiting and time.monotonic() - began < seconds:
        time.sleep(0.1)
        waiting = [p for p in waiting if not checker.seems_done(p.root, asdict(p.book))]
    return seconds if waiting else time.monotonic() - began


def _no_events() -> None:
    naive.Writer.on_closed = naive.Writer.on_moved = lambda self, event: None  # type: ignore
    Watch.on_any_event = lambda self, event: None  # type: ignore[method-assign,assignment]


def _few_watches() -> None:
    """A user namespace in which this process may have 12 watches; others keep theirs."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "no user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text("0 0 1")
    Path("/proc/self/gid_map").write_text("0 0 1")
    Path("/proc/sys/user/max_inotify_watches").write_text("12")


@contextlib.contextmanager
def _queue_of(events: int) -> Iterator[None]:
    """New watches have queues of this length meanwhile. This is the whole machine's setting."""
    setting = Path("/proc/sys/fs/inotify/max_queued_events")
    before = setting.read_text()
    setting.write_text(str(events))
    try:
        yield
    finally:
        setting.write_text(before)


def _foreign_picture() -> bytes:
    """A PNG that carries nothing."""
    buffer = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(buffer, "PNG")
    return buffer.getvalue()
