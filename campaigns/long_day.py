"""24 simulated hours and 100,000 drafts, then real idleness beside them.

First the real daemon under a clock that is passed in: an endless prompt file, whose drafts take
0.864 s of that clock each, and a picked draft each hour. Then a daemon in real time that has
nothing to do in that studio: it may write nothing there and use less than 0.5 % of a processor
(I8). `count` is the number of drafts.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import time
from array import array
from dataclasses import asdict
from pathlib import Path
from unittest import mock

import hotfolder.press
import hotfolder.studio.scan.schedule
from campaigns.kit import checker, daemons, painter
from campaigns.kit.people import People, studio
from campaigns.kit.table import Tally
from hotfolder.daemon import Daemon, Until
from hotfolder.executors.orders import OnReport, Order, Task
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner

TITLE = "24 simulated hours, 100,000 drafts, then idleness"
COUNT = 100_000
NAIVE = 0
_DAY_S = 86_400.0
_WEIGHED = (1000, 10_000, 25_000, 50_000, 75_000, 99_000)
_IDLE_S = 130.0  # two rounds of looks
_MOST_CPU = 0.005
_MOST_LOOK_S = 0.1


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """A day of `count` drafts. The naive writer knows no endless files."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I7", "I8")
    if kind == "naive":
        return
    place = studio(work, settle_s=2.0, look_s=60.0)
    quick = place.root / "profiles" / "quick.toml"
    quick.write_text(quick.read_text().replace("64x64", "32x32").replace("80x80", "48x48"))
    endless = place.root / "inbox" / "endless.toml"
    endless.write_text('prompt = "a boat"\ncount = "endless"\n')
    people = People(place, str(seed))
    facts = work / "facts.json"
    day = daemons.start(kind, place, before=lambda: _live(place, people, count, facts))
    day.wait(7200)
    params = json.loads(facts.read_text())
    tally.runs, tally.faults = 1, params["drafts"]
    tally.measured |= params["measured"]
    tally.add({"I7": params["early"]}, f"seed {seed}")
    endless.rename(work / "endless.toml")
    _idle(kind, place, tally)
    with mock.patch.dict(os.environ, XDG_STATE_HOME=str(place.state)):  # where it is trusted
        _time_looks(place, tally)
    tally.add(checker.check(place.root, params["book"]), f"seed {seed}")


class _Day:
    """A watch, a clock and an executor of one simulated day; people pick a draft each hour."""

    def __init__(self, people: People, draft_s: float) -> None:
        self.now = 0.0
        self.drafts = 0
        self.seeds = array("L")
        self.early: list[str] = []
        self.memory_mb: dict[int, float] = {}
        self._people = people
        self._draft_s = draft_s
        self._hints: set[str] = set()
        self._picked: dict[str, tuple[float, int]] = {}

    def clock(self) -> float:
        """Seconds since the day began."""
        return self.now

    def watch(self, root: Path) -> _Day:
        """The daemon's watch."""
        return self

    def executor(self, settings: object, base: Path, on_report: OnReport) -> _Day:
        """The daemon's executor."""
        self._here = painter.Here(on_report)
        return self

    slots = 1
    blind = ""

    def give(self, slot: int, order: Order) -> None:
        """Paint, which takes its time; on the hour somebody picks a draft."""
        if isinstance(order, Task):
            for recipe in order.pictures.values():
                if recipe.source is None:
                    self.seeds.append(recipe.seed)
                    self._note_draft()
                else:
                    self._note_final(recipe.source.id)
        self._here.give(slot, order)

    def _note_draft(self) -> None:
        self.drafts += 1
        hour = int(self.now // 3600)
        self.now += self._draft_s
        if self.drafts in _WEIGHED:
            self.memory_mb[self.drafts] = _memory_mb()
        self.early += [
            f"a draft began while {name[:8]} waited"
            for name, (since, left) in self._picked.items()
            if left and self.now - since > 2.0 + 2 * self._draft_s
        ]
        if int(self.now // 3600) != hour and self._people.pick():
            newest = self._people.picks[-1][1]
            self._picked[newest] = (self.now, 3)
            for room in ("drafts", "seeds"):
                self._hints |= {
                    f"{room}/{path.name}"
                    for path in (self._people.root / room).glob(f"*{newest[:8]}*")
                }

    def _note_final(self, source: str) -> None:
        self.now += 1.0
        since, left = self._picked[source]
        self._picked[source] = (since, left - 1)

    def take(self) -> set[str]:
        """What people have touched since."""
        hints, self._hints = self._hints, set()
        return hints

    @property
    def has_news(self) -> bool:
        """Whether people have touched anything since."""
        return bool(self._hints)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += max(seconds, 0.001)

    def wake(self) -> None:
        """Nobody sleeps."""

    def stop(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def check(self) -> None:
        """Nothing: it hears."""

    def renew(self) -> None:
        """Nothing: it hears."""


def _live(place: daemons.Place, people: People, count: int, facts: Path) -> None:
    """The simulated day, in a process of its own. Writes what it saw, and ends the process."""
    day = _Day(people, _DAY_S / count)
    hotfolder.studio.scan.schedule.Watch = day.watch  # type: ignore[misc,assignment]
    hotfolder.press.ThreadPoolExecutor = painter.Press  # type: ignore[misc,assignment]
    began = time.process_time()
    daemon = Daemon(Studio(place.root), clock=day.clock, executor=day.executor)
    daemon.run(Until(seconds=_DAY_S))
    daemon.close()
    used_s = time.process_time() - began
    first, last = min(day.memory_mb, default=0), max(day.memory_mb, default=0)
    measured = {
        "memory after so many drafts, in MB": ", ".join(
            f"{n:,}: {mb:.0f}" for n, mb in sorted(day.memory_mb.items())
        ),
        "processor time for each draft, in ms": f"{used_s / max(1, day.drafts) * 1e3:.2f}",
        "picked on the hour": str(len(people.picks)),
    }
    if last > first:
        grown = (day.memory_mb[last] - day.memory_mb[first]) / (last - first) * 2**20
        measured["memory for each draft, in bytes"] = f"{grown:.0f}"
    params = {"drafts": day.drafts, "early": day.early, "measured": measured}
    people.book.prompts["a boat"] = len(set(day.seeds))  # of so many some are drawn twice
    facts.write_text(json.dumps(params | {"book": asdict(people.book)}))
    os._exit(0)


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _idle(kind: daemons.Kind, place: daemons.Place, tally: Tally) -> None:
    """A daemon with nothing to do, in real time."""
    daemon = daemons.start(kind, place)
    before_s, quiet = -1.0, 0
    end = time.monotonic() + 300
    while quiet < 5 and time.monotonic() < end:  # the first look takes its time
        time.sleep(1.0)
        used_s = _used_s(daemon.pid)
        quiet = quiet + 1 if used_s - before_s < 0.05 else 0
        before_s = used_s
    state, used_s, began = _state(place.root), _used_s(daemon.pid), time.monotonic()
    time.sleep(_IDLE_S)
    share = (_used_s(daemon.pid) - used_s) / (time.monotonic() - began)
    memory = _status(daemon.pid, "VmRSS")
    tally.measured["idle"] = f"{share:.2%} of a processor, {memory}"
    changed = {path for path, _ in state ^ _state(place.root)}
    if changed:
        tally.add({"I8": [f"{path} was written while idle" for path in sorted(changed)]}, "idle")
    if share > _MOST_CPU:
        tally.add({"I8": [f"{share:.2%} of a processor is used while idle"]}, "idle")
    daemon.stop()


def _used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(" ".join(line.split()) for line in lines if line.startswith(name))


def _state(root: Path) -> set[tuple[str, tuple[int, int, int]]]:
    """All files and folders, each with its size and times."""
    found = set()
    for folder, _, names in os.walk(root):
        for name in ("", *names):
            path = os.path.join(folder, name)  # noqa: PTH118 - a hundred thousand of them
            status = os.lstat(path)
            found.add((path, (status.st_size, status.st_mtime_ns, status.st_ctime_ns)))
    return found


def _time_looks(place: daemons.Place, tally: Tally) -> None:
    """What looks cost beside so many files: processor time, since the machine may be busy."""
    scanner = Scanner(Studio(place.root))
    began = time.process_time()
    scanner.refresh()
    while scanner.busy:
        scanner.refresh(set())
    first_s = time.process_time() - began
    turns, slices, rounds = [], [], {False: [], True: []}
    for thorough in (False, True):
        for _ in range(5):
            time.sleep(3)  # so that folders are known not to have changed
            began = time.process_time()
            scanner.refresh(set())
            scanner.snapshot()
            turns.append(time.process_time() - began)
            parts, done = [], False
            while not done:
                began = time.process_time()
                done = scanner.look_on(thorough)
                parts.append(time.process_time() - began)
            slices += parts
            rounds[thorough].append(sum(parts))
    usual_s, thorough_s = (statistics.median(rounds[kind][1:]) for kind in (False, True))
    tally.measured["a look, in ms of processor time"] = (
        f"the first {first_s * 1e3:.0f}, in each turn {max(turns) * 1e3:.2f}, a round "
        f"{usual_s * 1e3:.0f}, a round that asks for every file {thorough_s * 1e3:.0f}, in slices "
        f"of at most {max(slices) * 1e3:.0f}"
    )
    if max(*turns, *slices, usual_s) > _MOST_LOOK_S:
        tally.add({"I8": [f"a look takes {max(*turns, *slices, usual_s):.3f} s"]}, "looks")
