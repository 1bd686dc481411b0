"""SIGKILL at the system calls of one prompt's whole life: dropped, drafted, starred, refined.

A studio holds one prompt file and one starred draft. strace kills the daemon when its main thread
enters the k-th call of a kind, for every call that may change the disk. Between two of these the
disk stays as it is, so that of the others one in `_STRIDE` is enough. Each killed daemon has a
successor, and the disk is read.
"""

from __future__ import annotations

import re
import shutil
import signal
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

from campaigns.kit import checker, daemons, people
from campaigns.kit.book import Book
from campaigns.kit.table import Tally

TITLE = "SIGKILL at every system call of one prompt's life that changes the disk"
COUNT = 0  # all of these, and some of the others
NAIVE = 0
CHANGING = (
    *("fsync", "fdatasync", "ftruncate", "write", "pwrite64", "openat"),
    *("mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat"),
    *("unlink", "unlinkat", "rmdir", "utimensat", "setxattr", "fsetxattr"),
)
_STRIDE = 10
Call = tuple[str, int]
_CALL = re.compile(r"\w+\(")


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Kill at every call, or at about `count` calls spread evenly from one that `seed` chooses."""
    place, book = pattern(kind, work)
    calls = numbered(life(kind, place, work))
    first = [call for call, line in calls if changes(line)]
    others = [call for call, line in calls if not changes(line)]
    tally.measured["system calls"] = f"{len(calls):,}, of which {len(first)} may change the disk"
    chosen = first + others[(seed - 1) % _STRIDE :: _STRIDE]
    stride = max(1, len(chosen) // count) if count else 1
    for name, number in chosen[(seed - 1) % stride :: stride]:
        here = copy(place, work / "life")
        daemon = daemons.start(kind, here, "--once", stopped=True, before=daemons.in_one_thread)
        tracer = daemons.traced(daemon, f"--inject={name}:signal=KILL:when={number}")
        code = daemon.wait(daemons.PATIENCE_S)
        tracer.wait(daemons.PATIENCE_S)
        tally.runs += 1
        if code == -signal.SIGKILL:
            tally.faults += 1
            daemons.finish(kind, here)
        tally.add(checker.check(here.root, asdict(book)), f"{name} {number}")


def pattern(kind: daemons.Kind, work: Path) -> tuple[daemons.Place, Book]:
    """A studio with a prompt file that waits, and a starred draft of an earlier one."""
    place = people.studio(work, "pattern")
    users = people.People(place, "pattern", "p")
    users.drop(people.copied)
    daemons.finish(kind, place)
    users.star(sorted((place.root / "drafts").glob("*.png"))[0])
    users.drop(people.copied)
    return place, users.book


def copy(place: daemons.Place, root: Path) -> daemons.Place:
    """The same studio at another place, where there may be one of a run before."""
    here = replace(place, root=root, state=root.with_name(root.name + ".state"))
    shutil.rmtree(here.root, ignore_errors=True)
    shutil.rmtree(here.state, ignore_errors=True)
    shutil.copytree(place.root, here.root)
    return here


def life(kind: daemons.Kind, place: daemons.Place, work: Path) -> list[str]:
    """The system calls of the main thread in the whole life, as strace writes them down.

    What a descriptor stands for is written beside it.
    """
    here, listed = copy(place, work / "life"), work / "calls"
    daemon = daemons.start(kind, here, "--once", stopped=True, before=daemons.in_one_thread)
    daemons.traced(daemon, "-y", "-s", "4096", "-o", str(listed)).wait(daemons.PATIENCE_S)
    daemon.wait(daemons.PATIENCE_S)
    lines = listed.read_text("ascii", "replace").splitlines()
    return [line for line in lines if _CALL.match(line) and not line.startswith("exit_group")]


def numbered(calls: list[str]) -> list[tuple[Call, str]]:
    """Each call's name, which one of that name it is, from 1, and its line."""
    met: Counter[str] = Counter()
    found = []
    for line in calls:
        name = line.partition("(")[0]
        met[name] += 1
        found.append(((name, met[name]), line))
    return found


def changes(line: str) -> bool:
    """Whether a call may change the disk: a file that is only read does not."""
    name = line.partition("(")[0]
    return name in CHANGING and (name != "openat" or "O_CREAT" in line or "O_TRUNC" in line)
