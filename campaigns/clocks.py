"""Clocks that jump by a day, files from 1970 and 2099, wrong time zones.

Each daemon has a wall clock of its own (`datetime.now` and `time.time` are replaced in its process;
libfaketime stops CPython's waits, which are on the monotonic clock) and a time zone of its own. The
clock jumps while it works, by up to a century, and people drop files with times of any age. Every
second studio divides its folders by day.
"""

from __future__ import annotations

import datetime as real
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.people import People, studio
from campaigns.kit.table import Tally

TITLE = "clock jumps of a day, files from 1970 and 2099, wrong time zones"
COUNT = 200
NAIVE = 50
_AT_A_TIME = 10
_DAY_S = 86_400.0
_ZONES = ("Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "Not/A_Zone", ":", "XYZ23:30")
_JUMPS_D = (1.0, -1.0, 3.0, -3.0, 0.5, 36_500.0, -15_000.0, 0.0)
_AGES = (0, 86_400, 4_070_908_800, 2_147_483_648, None, None)  # 1970, 1970, 2099, 2038, now


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Let clocks jump `count` times."""
    crowd = [_Clock(kind, seed, number, work) for number in range(_AT_A_TIME)]
    try:
        for clock in crowd:
            clock.wait(daemons.PATIENCE_S)
        while tally.faults < count:
            for clock in crowd:
                clock.turn()
                tally.faults += 1
            time.sleep(crowd[0].people.chance.uniform(0.1, 0.5))
            for clock in crowd:
                clock.wait(daemons.PATIENCE_S if kind == "hotfolder" else 1)
    finally:
        for clock in crowd:
            clock.daemon.stop()
    for clock in crowd:
        daemons.finish(kind, clock.people.place)
        tally.runs += 1
        book = asdict(clock.people.book)
        tally.add(checker.check(clock.people.root, book), f"seed {seed} {clock.zone}")


class _Clock:
    """A studio whose daemon has a clock that is set from outside."""

    def __init__(self, kind: daemons.Kind, seed: int, number: int, work: Path) -> None:
        self.zone = _ZONES[number % len(_ZONES)]
        place = replace(
            studio(work, f"studio-{number}", batch=1 + number % 3), environment={"TZ": self.zone}
        )
        if number % 2:
            settings = place.root / "hotfolder.toml"
            settings.write_text('folders = "day"\n' + settings.read_text())
        self.people = People(place, f"{seed} {number}", f"{number}.")
        self._time = work / f"time-{number}"
        self._set(0.0)
        self.daemon = daemons.start(kind, place, before=lambda: set_from(self._time))
        self.people.drop(_aged(None))

    def turn(self) -> None:
        """The clock jumps, and people go on."""
        chance = self.people.chance
        self._set(chance.choice(_JUMPS_D))
        self.people.drop(_aged(chance.choice(_AGES)))
        if chance.random() < 0.5:
            self.people.pick()

    def wait(self, seconds: float) -> None:
        """Until nothing seems to be missing."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.daemon.poll():
            if checker.seems_done(self.people.root, asdict(self.people.book)):
                return
            time.sleep(0.1)

    def _set(self, days: float) -> None:
        beside = self._time.with_name(self._time.name + ".new")
        beside.write_text(f"{days * _DAY_S}\n")
        beside.replace(self._time)


def set_from(file: Path) -> None:
    """For `before`: all that reads the wall clock here reads one that a file sets, in s off."""
    right = time.time

    def wrong() -> float:
        return right() + float(file.read_text())

    class Wrong(real.datetime):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> real.datetime:  # type: ignore[override]
            return real.datetime.fromtimestamp(wrong(), tz)

    time.time = wrong
    for name, module in list(sys.modules.items()):
        if name.startswith("hotfolder.") and getattr(module, "datetime", None) is real.datetime:
            module.datetime = Wrong  # type: ignore[attr-defined]


def _aged(mtime_s: int | None) -> Callable[[Path, Path], None]:
    """A way to drop a file that brings its time along."""

    def way(source: Path, target: Path) -> None:
        if mtime_s is not None:
            os.utime(source, (mtime_s, mtime_s))
        shutil.move(source, target)

    return way
