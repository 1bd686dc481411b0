"""The root is renamed, deleted or mounted over while the daemon works, and comes back.

Several studios at a time, one daemon each for all its vanishings. While a root is away nothing may
be made in its place nor beside it, and what is away must stay as it was; when it is back the daemon
has to go on by itself (I6). A file anywhere else counts as I4.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.people import People, copied, studio
from campaigns.kit.table import Tally

TITLE = "the root renamed, deleted, mounted over, and back"
COUNT = 200
NAIVE = 50
_AT_A_TIME = 10


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Let roots vanish `count` times."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I6")
    ghosts = [Ghost(kind, work / str(n), f"{seed} {n}") for n in range(min(count, _AT_A_TIME))]
    try:
        for ghost in ghosts:
            ghost.people.drop(copied)
        _wait(kind, ghosts)  # a daemon that finds no root at its start ends, and says so
        while tally.faults < count:
            for ghost in ghosts:
                ghost.people.drop(copied)
                ghost.people.pick()
            time.sleep(ghosts[0].people.chance.uniform(0.0, 0.3))
            for ghost in ghosts:
                ghost.vanish()
                tally.faults += 1
            time.sleep(ghosts[0].people.chance.uniform(0.1, 0.8))
            for ghost in ghosts:
                tally.add(ghost.come_back(), ghost.where)
            _wait(kind, ghosts)
        for ghost in ghosts:
            tally.add(ghost.end(), ghost.where)
            tally.runs += 1
    finally:
        for ghost in ghosts:
            ghost.daemon.kill()


class Ghost:
    """A studio whose root goes and comes."""

    def __init__(self, kind: daemons.Kind, work: Path, seed: str) -> None:
        work.mkdir()
        self.kind, self.where = kind, f"seed {seed}"
        self.place = studio(work, batch=2, step_s=0.005)
        self.away = work / "away"
        self.people = People(self.place, seed, f"{work.name}.")
        self.daemon = daemons.start(kind, self.place)
        self._way = ""
        self._names: set[str] = set()

    def vanish(self) -> None:
        """The root goes, in one of three ways."""
        root = self.place.root
        self._way = self.people.chance.choice(("renamed", "deleted", "mounted over"))
        if self._way == "renamed":
            root.rename(self.away)
        elif self._way == "deleted":
            root.rename(self.away)  # at once: a half-deleted root would lose what people put there
            self.away.rename(root.with_name("backup"))
            shutil.copytree(root.with_name("backup"), self.away)
            shutil.rmtree(root.with_name("backup"))
        else:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root], check=True)
        self._names = set(os.listdir(root.parent))  # noqa: PTH208

    def come_back(self) -> checker.Violations:
        """The root is there again; what was made elsewhere meanwhile."""
        root = self.place.root
        wrong = [f"{self._way}: {name} appeared" for name in set(_names(root.parent)) - self._names]
        if self._way == "mounted over":
            wrong += [f"{self._way}: {name} in the empty root" for name in _names(root)]
            subprocess.run(["umount", root], check=True)
        else:
            if root.exists():
                shutil.rmtree(root)
            self.away.rename(root)
        return {"I4": wrong} if wrong else {}

    def is_done(self) -> bool:
        """Whether nothing seems to be left to do."""
        return checker.seems_done(self.place.root, asdict(self.people.book))

    def end(self) -> checker.Violations:
        """Stop the daemon; what is violated in the end."""
        was_alive, done = self.daemon.poll(), self.is_done()
        self.daemon.stop()
        daemons.finish(self.kind, self.place)
        found = checker.check(self.place.root, asdict(self.people.book))
        if not (was_alive and done):
            found["I6"] = ["the daemon " + ("did not go on" if was_alive else "ended")]
        return found


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _wait(kind: daemons.Kind, ghosts: list[Ghost]) -> None:
    """Until all are done; the naive writer may never be."""
    end = time.monotonic() + (daemons.PATIENCE_S if kind == "hotfolder" else 2.0)
    waiting = list(ghosts)
    while waiting and time.monotonic() < end:
        time.sleep(0.1)
        waiting = [ghost for ghost in waiting if ghost.daemon.poll() and not ghost.is_done()]
