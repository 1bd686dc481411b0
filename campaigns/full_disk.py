"""A disk of 256 KB to 4 MB that is full for a while, then freed.

Many studios at a time, each on a tmpfs of its own. People drop prompts and pick drafts, a foreign
file takes nearly all room, the daemon meets ENOSPC anywhere; then the file goes and the daemon has
to go on by itself. In every second studio the owner's `keep_free_gb` is large enough to forbid work
before that, in the others it is 0. I6 counts studios where the daemon did not go on.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.people import People, copied, studio
from campaigns.kit.table import Tally

TITLE = "ENOSPC on tmpfs of 256 KB to 4 MB, then freed"
COUNT = 300
NAIVE = 100
_AT_A_TIME = 10


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Fill `count` disks."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I6")
    for first in range(0, count, _AT_A_TIME):
        numbers = range(first, min(count, first + _AT_A_TIME))
        disks = [Disk(kind, work / f"disk-{number}", seed, number) for number in numbers]
        try:
            time.sleep(1.2)
            for disk in disks:
                disk.free()
            _wait(kind, disks)
            for disk in disks:
                disk.read(tally)
        finally:
            for disk in disks:
                disk.close()


class Disk:
    """A small disk with a studio in which a daemon is at work."""

    def __init__(self, kind: daemons.Kind, mount: Path, seed: int, number: int) -> None:
        self.where = f"seed {seed} disk {number}"
        self.kind, self.mount = kind, mount
        mount.mkdir()
        people = People(daemons.Place(mount, mount), f"{seed} {number}", f"{number}.")
        self._size_kb = people.chance.randint(256, 4096)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self._size_kb}k", "tmpfs", mount], check=True
        )
        made = studio(mount, batch=1 + number % 3)
        self.place = daemons.Place(made.root, mount.with_name(f"{mount.name}.state"))
        people.place = self.place
        self.people = people
        for _ in range(people.chance.randint(1, 3)):
            people.drop(copied)
        if people.chance.random() < 0.5:
            daemons.finish(kind, self.place)
            with contextlib.suppress(OSError):  # the disk may be full by now
                people.pick()
                people.drop(copied)
        if number % 2:
            settings = self.place.root / "hotfolder.toml"
            text = settings.read_text().replace("keep_free_gb = 0", "keep_free_gb = 0.00006")
            settings.write_text(text)
        self.fill = mount / "fill"
        _fill(self.fill, leave_kb=people.chance.choice((0, 1, 4, 8, 16, 20, 24, 40, 60)))
        self.daemon = daemons.start(kind, self.place)

    def free(self) -> None:
        """The foreign file goes, and the disk grows: the smallest cannot hold all that is asked."""
        self.fill.unlink()
        size = f"remount,size={self._size_kb + 2048}k"
        subprocess.run(["mount", "-o", size, self.mount], check=True)

    def is_done(self) -> bool:
        """Whether nothing seems to be left to do."""
        return checker.seems_done(self.place.root, asdict(self.people.book))

    def read(self, tally: Tally) -> None:
        """Let a successor look, and count what is violated."""
        was_alive = self.daemon.poll()
        done = self.is_done()
        self.daemon.stop()
        daemons.finish(self.kind, self.place)
        tally.runs += 1
        tally.faults += 1
        if was_alive and not done:
            tally.add({"I6": [f"{self.place.root} was not finished in time"]}, self.where)
        tally.add(checker.check(self.place.root, asdict(self.people.book)), self.where)

    def close(self) -> None:
        """Let go of the disk."""
        self.daemon.kill()
        subprocess.run(["umount", "-l", self.mount], check=True)


def _fill(path: Path, leave_kb: int) -> None:
    """Take all room of the disk but so much."""
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            stream.truncate(max(0, stream.tell() - 1024 * leave_kb))


def _wait(kind: daemons.Kind, disks: list[Disk]) -> None:
    """Until all are done; the naive writer may never be."""
    end = time.monotonic() + (daemons.PATIENCE_S if kind == "hotfolder" else 3.0)
    waiting = list(disks)
    while waiting and time.monotonic() < end:
        time.sleep(0.2)
        waiting = [disk for disk in waiting if disk.daemon.poll() and not disk.is_done()]
