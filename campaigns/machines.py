"""Two and three daemons that share the work of a synced studio: who makes what, and what is wasted.

Each has its own copy of the folders, local state and settings; `campaigns.kit.sync` carries files
between them, late. First all goes well, and what is measured is how much faster they are than one
and how many renders nobody needed. Then sides lose sight of each other for longer than claims last,
are killed, and find each other again, with clocks a day apart; people drop files on every side.
Where there are Syncthing and sshfs, the same over those. The naive way is the same daemons without
a word to each other.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from campaigns import clocks, syncthing, two_daemons
from campaigns.kit import checker, daemons
from campaigns.kit.people import People, studio
from campaigns.kit.table import Tally

TITLE = "two and three daemons that share a synced studio; stalls, kills, conflict copies"
COUNT = 600
NAIVE = 60
_FEW = 50
_LOOK_S = 0.5
_REAL_LOOK_S = 6.0  # over Syncthing and sshfs, which hold news back for ten seconds and more
_LAPSE = 10  # looks, as hotfolder.shares.LAPSE
_SETTLE_S = 0.2  # also between two looks at what the others say
_DELAY_S = 0.2
_STEP_S = 0.05  # two steps for each picture
_SLOW_STEP_S = 2.5  # where speed counts, and not how busy this one computer is
_DAY_S = 86_400
_OWN_SETTINGS = 'together.work = "all"\n'


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Have about `count` pictures made with trouble, and some without; of few, only the former."""
    if count < _FEW:
        _in_trouble(kind, seed, 2, count, work / "trouble-2", tally, _Late)
        return
    for sides in (2, 3):
        _in_trouble(kind, seed, sides, count // 2, work / f"trouble-{sides}", tally, _Late)
        if count >= COUNT:
            _speed(kind, sides, count // 25, work, tally)
        _in_peace(kind, sides, count // 4, work / f"peace-{sides}", tally, _Late)
    for sides in (2, 3) if shutil.which("syncthing") else ():
        _in_peace(kind, sides, count // 4, work / f"syncthing-{sides}", tally, _Syncthing)
        stalls = work / f"syncthing-stalls-{sides}"
        _in_trouble(kind, seed, sides, count // 10, stalls, tally, _Syncthing)
    if not shutil.which("syncthing"):
        tally.measured["over Syncthing"] = "not here: Syncthing is missing"
    for sides in (2, 3) if two_daemons.has_server() else ():
        _in_peace(kind, sides, count // 4, work / f"sshfs-{sides}", tally, _Sshfs)
    if not two_daemons.has_server():
        tally.measured["over sshfs"] = "not here: sshfs, sshd or /dev/fuse is missing"


def _in_peace(
    kind: daemons.Kind, sides: int, count: int, work: Path, tally: Tally, sync: type[Sync]
) -> None:
    """So many drafts and nothing goes wrong: what is wasted."""
    group = _Group(kind, sides, work.name, work, sync)
    try:
        group.begin()
        group.drop(0, count)
        group.wait(daemons.PATIENCE_S + count if kind == "hotfolder" else 10)
    finally:
        group.end()
    group.check(tally, work.name)
    tally.measured[f"{work.name}: wasted"] = _wasted(group.begun(), count)


def _speed(kind: daemons.Kind, sides: int, count: int, work: Path, tally: Tally) -> None:
    """So many slow drafts, beside as many daemons that have a studio each and share nothing."""
    took: dict[str, float] = {}
    each = count // sides
    for name, talks, sync in (("each", "naive", _Nothing), ("together", kind, _Late)):
        group = _Group(talks, sides, name, work / f"{name}-{sides}", sync, _SLOW_STEP_S)  # type: ignore[arg-type]
        try:
            group.begin()
            for side in range(sides) if name == "each" else ():
                group.drop(side, each)
            if name == "together":
                group.drop(0, each * sides)
            until = lambda group=group: group.begun() >= each * sides  # noqa: E731
            daemons.until(until, daemons.PATIENCE_S + 20 * count, 0.1)
        finally:
            group.end()
        took[name] = group.took_s()
    tally.measured[f"{sides} daemons: throughput"] = (
        f"{took['each'] / took['together']:.3f} of {sides} that share nothing "
        f"({each * sides} pictures of {2 * _SLOW_STEP_S:g} s in {took['together']:.1f} s)"
    )


def _in_trouble(
    kind: daemons.Kind,
    seed: int,
    sides: int,
    count: int,
    work: Path,
    tally: Tally,
    sync: type[Sync],
) -> None:
    """Stalls that outlast claims, kills, drops on every side, picks where all can see."""
    group = _Group(kind, sides, f"{seed} {sides}", work, sync)
    chance, wanted = group.people.chance, 0
    patience_s = daemons.PATIENCE_S if kind == "hotfolder" else 10
    try:
        group.begin()
        while wanted < count:
            trouble = chance.choice(("early stall", "stall", "stall", "kill", "none"))
            side = chance.randrange(sides)
            if trouble == "early stall":
                group.sync.stall({side})
            for number in range(sides):
                wanted += group.drop(number, chance.randint(4, 12))
            time.sleep(chance.uniform(0.4, 1.0))
            if trouble == "kill":
                group.kill(side)
            if "stall" in trouble:
                group.sync.stall({side})
                time.sleep(chance.choice((0.3, 1.5, 3.0)) * _LAPSE * sync.look_s)
                group.sync.stall(set())
                tally.faults += 1
            tally.faults += trouble == "kill"
            group.wait(patience_s)
            if group.people.pick():
                wanted += group.people.book.finals
            group.wait(patience_s)
    finally:
        group.end()
    group.check(tally, f"seed {seed} {work.name}")
    tally.measured[f"{work.name}: wasted"] = _wasted(group.begun(), wanted)
    tally.measured[f"{work.name}: taken back"] = f"{group.taken_back()} pictures made twice"


def _wasted(begun: int, wanted: int) -> str:
    return f"{begun} renders for {wanted} pictures ({(begun - wanted) / wanted:.1%})"


class Sync:
    """Carries files between the folders `roots`; `look_s` suits how late it brings news."""

    look_s = _LOOK_S

    def __init__(self, roots: list[Path], work: Path) -> None:
        """Begin; `work` is a folder for what it needs."""

    def stall(self, sides: set[int]) -> None:
        """From now on these see nobody, and nobody sees them."""

    def settle(self) -> None:
        """Until all have the same files."""

    def close(self) -> None:
        """End it."""


class _Nothing(Sync):
    """No sync at all."""


class _Late(Sync):
    """The sync program of the campaigns."""

    def __init__(self, roots: list[Path], work: Path) -> None:
        self._roots = roots
        self._control = work / "stalled"
        self.stall(set())
        command = [sys.executable, "-m", "campaigns.kit.sync", str(_DELAY_S), self._control]
        self._process = subprocess.Popen([*command, *roots])

    def stall(self, sides: set[int]) -> None:
        """As the control file says."""
        beside = self._control.with_name("stalled.new")
        beside.write_text(" ".join(map(str, sides)))
        beside.replace(self._control)

    def settle(self) -> None:
        """Until the folders have looked the same for a while."""
        end, quiet = time.monotonic() + 60, 0
        while quiet < 8 and time.monotonic() < end:
            time.sleep(0.1)
            listed = [_listing(root) for root in self._roots]
            quiet = quiet + 1 if all(one == listed[0] for one in listed) else 0

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()


class _Syncthing(Sync):
    """A real Syncthing for each."""

    look_s = _REAL_LOOK_S

    def __init__(self, roots: list[Path], work: Path) -> None:
        for root in roots:
            (root / ".stfolder").mkdir()
        self._mesh = syncthing.Mesh(work, roots)
        self._mesh.settle()

    def stall(self, sides: set[int]) -> None:
        """By pausing what they know of the others."""
        self._mesh.part(sides) if sides else self._mesh.meet()

    def settle(self) -> None:
        """As Syncthing says."""
        self._mesh.settle()

    def close(self) -> None:
        """End all."""
        self._mesh.close()


class _Sshfs(Sync):
    """The other folders are the first one, mounted over ssh."""

    look_s = _REAL_LOOK_S

    def __init__(self, roots: list[Path], work: Path) -> None:
        self._mounted = roots[1:]
        self._server = two_daemons.Server(work / "ssh")
        for root in self._mounted:
            shutil.rmtree(root)
            self._server.mount(roots[0], root)

    def close(self) -> None:
        """Unmount, and end the server."""
        for root in self._mounted:
            subprocess.run(["fusermount3", "-u", "-z", root], check=False)
        self._server.close()


class _Group:
    """Daemons, a copy of the studio for each, and the people who use them."""

    def __init__(
        self,
        kind: daemons.Kind,
        sides: int,
        seed: str,
        work: Path,
        sync: type[Sync],
        step_s: float = _STEP_S,
    ) -> None:
        work.mkdir()
        self._kind = kind
        first = studio(work, "side-0", settle_s=_SETTLE_S, look_s=sync.look_s, step_s=step_s)
        self.people = People(first, seed)
        self.places = [first]
        for number in range(1, sides):
            root = work / f"side-{number}"
            shutil.copytree(first.root, root)
            self.places.append(replace(first, root=root, state=work / f"side-{number}.state"))
        for number, place in enumerate(self.places):
            own = work / f"side-{number}.config"
            (own / "hotfolder").mkdir(parents=True)
            if kind == "hotfolder":
                (own / "hotfolder" / "hotfolder.toml").write_text(_OWN_SETTINGS)
            self.places[number] = replace(place, environment={"XDG_CONFIG_HOME": str(own)})
        self.sync = sync([place.root for place in self.places], work)
        self._daemons: list[daemons.Running] = []
        self._numbers = itertools.count(1)

    def begin(self) -> None:
        """One daemon after the other, so that they know of each other."""
        for side in range(len(self.places)):
            self._daemons.append(self._started(side))
            if self._kind == "hotfolder":
                daemons.until(lambda: self._know_of(len(self._daemons)), daemons.PATIENCE_S, 0.05)

    def _started(self, side: int) -> daemons.Running:
        """The daemon of a side; its clock is a day off for each side before it."""
        place = self.places[side]
        clock = place.state.with_suffix(".clock")
        clock.write_text(f"{side * _DAY_S}")
        return daemons.start("hotfolder", place, before=lambda: clocks.set_from(clock))

    def drop(self, side: int, count: int) -> int:
        """A prompt file that asks for so many drafts, on one side; how many."""
        text = f"a lighthouse number {next(self._numbers)}"
        path = self.places[side].root / "inbox" / f"{text}.toml"
        path.write_text(f'prompt = "{text}"\ncount = {count}\n')
        self.people.book.prompts[text] = count
        return count

    def kill(self, side: int) -> None:
        """SIGKILL for one of the daemons, and another one in its place after a while."""
        self._daemons[side].kill()
        time.sleep(self.people.chance.choice((0.1, 1.5 * _LAPSE * self.sync.look_s)))
        self._daemons[side] = self._started(side)

    def wait(self, seconds: float) -> None:
        """Until nothing seems to be missing on the first side."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.2)
            if checker.seems_done(self.places[0].root, asdict(self.people.book)):
                return

    def end(self) -> None:
        """All can see each other, come to rest and stop."""
        self.sync.stall(set())
        try:
            for _ in range(3):
                self.sync.settle()
                time.sleep(2.5 * self.sync.look_s)
            self.sync.settle()
        finally:
            for daemon in self._daemons:
                daemon.stop()
            self.sync.settle()
            self.sync.close()

    def check(self, tally: Tally, name: str) -> None:
        """Every side is as it should be, and no picture is there under a conflict copy's name."""
        for place in self.places:
            if place.root.is_dir() and any(place.root.iterdir()):
                tally.runs += 1
                found = checker.check(place.root, asdict(self.people.book))
                copies = [
                    f"{path} stays"
                    for room in ("drafts", "seeds", "final")
                    for path in (place.root / room).rglob("*.sync-conflict-*")
                ]
                found["I2"] = found.get("I2", []) + copies
                found["I5"] = [case for case in found.get("I5", []) if "/.syncthing." not in case]
                tally.add(found, f"{name} {place.root.name}")

    def begun(self) -> int:
        """How many renders were begun in all."""
        return len(self._traces())

    def took_s(self) -> float:
        """From the beginning of the first to that of the last."""
        times = [float(line.split()[0]) for line in self._traces()]
        return max(times) - min(times)

    def taken_back(self) -> int:
        """How many pictures the daemons took back."""
        logs = [place.log.read_text("utf-8", "replace") for place in self.places]
        return sum(log.count("is withdrawn in favour of") for log in logs)

    def _traces(self) -> list[str]:
        traces = [place.trace for place in self.places if place.trace.exists()]
        return [line for trace in traces for line in trace.read_text().splitlines()]

    def _know_of(self, many: int) -> bool:
        words = [list((p.root / ".hotfolder/claims").glob("*.json")) for p in self.places]
        return all(len(found) >= many for found in words)


def _listing(root: Path) -> dict[str, int]:
    found = {}
    for path in root.rglob("*"):
        try:
            if path.is_file() and not path.name.endswith(".tmp"):
                found[path.relative_to(root).as_posix()] = path.stat().st_size
        except OSError:
            continue
    return found
