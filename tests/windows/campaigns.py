"""Daemons on Windows are killed or told to end, or others hold their files; then the disk is read.

    python -m tests.windows.campaigns WINDOWS kills|stops|holds [--count 200] [--seed 1]

WINDOWS is the folder that `environment.sh` made. People and the checker work on Linux, as in the
other campaigns; the daemon is a process of Windows.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from campaigns.kit import checker
from campaigns.kit.daemons import Place
from campaigns.kit.people import People, studio
from tests.windows.console import EVENTS

PROJECT = Path(__file__).parent.parent.parent
# A worker that has lost its daemon while it was being started ends with one of Python's own.
OURS = re.compile(rb"Traceback.*\r?\n(?:  .*\r?\n)*  File .*\\hotfolder\\")
EACH = {"kills": 25, "stops": 25, "holds": 100}
"""How many of them one studio goes through."""
LONGEST_S = 5.0
"""Windows itself ends a program so long after its window was closed."""


def started(windows: Path, place: Place, module: str, *words: str) -> subprocess.Popen[bytes]:
    """A module run by Windows' Python, with the studio's local state; it is one process."""
    place.state.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "WINDOWS_ENV": f"WIN_PD_OVERRIDE_LOCAL_APPDATA=Z:{place.state}",
    }
    with place.log.open("ab") as log:
        return subprocess.Popen(
            [str(windows / "python"), "-m", module, *words],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )


def daemon(windows: Path, place: Place, *options: str) -> subprocess.Popen[bytes]:
    """A daemon at work on a studio."""
    return started(
        windows, place, "tests.windows.daemon", f"Z:{place.root}", str(place.step_s), *options
    )


def at_work(place: Place, lines: int, seconds: float = 2000.0) -> None:
    """Wait until a daemon has said so: its log has so many such lines."""
    end = time.monotonic() + seconds
    while place.log.read_bytes().count(b"at work on") < lines:
        assert time.monotonic() < end, place.log.read_text("utf-8", "replace")[-2000:]
        time.sleep(0.02)


def act(people: People) -> None:
    """Drop a prompt, pick a draft, or neither."""
    deed = people.chance.random()
    if deed < 0.4:
        people.drop()
    elif deed < 0.7:
        people.pick()


def kills(windows: Path, place: Place, people: People, count: int) -> None:
    """Kill `count` daemons at random moments of their work."""
    for number in range(count):
        running = daemon(windows, place)
        at_work(place, number + 1)
        act(people)
        time.sleep(people.chance.expovariate(1 / 0.6))
        running.kill()
        running.wait(60)


def stops(windows: Path, place: Place, people: People, count: int) -> None:
    """Have `count` daemons end at random moments of their work, by keys, windows and log-offs."""
    took = []
    for number in range(count):
        running = daemon(windows, place)
        at_work(place, number + 1)
        act(people)
        time.sleep(people.chance.expovariate(1 / 0.6))
        assert running.stdin
        began = time.monotonic()
        running.stdin.write(f"{people.chance.choice(list(EVENTS))}\n".encode())
        running.stdin.flush()
        try:
            running.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(60)
        took.append(time.monotonic() - began)
    late = sum(each > LONGEST_S for each in took)
    print(f"ended after {statistics.median(took):.2f} s, at most {max(took):.2f}; {late} too late")


def holds(windows: Path, place: Place, people: People, count: int) -> None:
    """One daemon at work while `count` files are held open, one after the other and together."""
    running = daemon(windows, place)
    at_work(place, 1)
    people.drop()
    folders = [f"Z:{place.root}", f"Z:{place.state}"]
    holder = started(
        windows, place, "tests.windows.holder", str(count), str(people.chance.random()), *folders
    )
    while holder.poll() is None:
        act(people)
        time.sleep(people.chance.expovariate(1 / 0.5))
    assert holder.returncode == 0
    assert running.poll() is None, "the daemon has ended"
    running.kill()
    running.wait(60)


def finished(windows: Path, place: Place) -> None:
    """Runs that end by themselves, until one finds nothing that it could not do."""
    for _ in range(3):
        if daemon(windows, place, "--once").wait(3000) == 0:
            return


def main() -> int:
    """Run a campaign; say what was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", type=Path)
    parser.add_argument("campaign", choices=sorted(EACH))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    work = options.windows.resolve() / options.campaign
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    deed = {"kills": kills, "stops": stops, "holds": holds}[options.campaign]
    each = EACH[options.campaign]
    violations = done = 0
    while done < options.count:
        place = studio(work, f"studio-{done}", batch=1 + done // each % 3, step_s=0.01)
        people = People(place, f"{options.seed} {done}", f"{done}.")
        faults = min(each, options.count - done)
        deed(options.windows.resolve(), place, people, faults)
        finished(options.windows.resolve(), place)
        people.close()
        done += faults
        found = checker.check(place.root, asdict(people.book))
        if OURS.search(place.log.read_bytes()):
            found["log"] = [f"{place.log} has a traceback"]
        violations += sum(map(len, found.values()))
        for kind, cases in found.items():
            print(*(f"{kind} {case}" for case in cases), sep="\n")
        rooms = (place.root / room for room in ("drafts", "seeds", "final"))
        made = sum(1 for room in rooms for _ in room.iterdir())
        says = f"{done} of {options.count} {options.campaign}, {made} pictures"
        print(f"{says}, {violations} violations", flush=True)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
