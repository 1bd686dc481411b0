"""SIGKILL at random moments, under live drops, moves, copies and stars.

Studios of `_KILLS` kills each: a daemon starts, people do something or nothing, the daemon dies.
Then it may finish in peace, and the disk is read. In every other studio taste steers and gives up;
in all of them no pick is forgotten.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.people import People, studio
from campaigns.kit.table import Tally

TITLE = "SIGKILL at random moments"
COUNT = 2000
NAIVE = 400
_KILLS = 50


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Kill `count` daemons."""
    for episode in range(-(-count // _KILLS)):
        place = studio(
            work,
            f"studio-{episode}",
            batch=1 + episode % 3,
            links=episode % 4,
            taste=episode % 2 == 1,
            step_s=0.001,
        )
        people = People(place, f"{seed} {episode}", f"{episode}.")
        chance = people.chance
        for number in range(min(_KILLS, count - tally.faults)):
            if number == _KILLS // 2:
                daemons.finish(kind, place)  # on a slow computer there is nothing to pick before
            daemon = daemons.start(kind, place)
            time.sleep(chance.uniform(0.0, 0.1))
            deed = chance.random()
            if deed < 0.4:
                people.drop()
            elif deed < 0.7:
                people.pick()
            time.sleep(chance.expovariate(1 / 0.12))
            daemon.kill()
            tally.faults += 1
        daemons.finish(kind, place)
        people.close()
        tally.runs += 1
        where = f"seed {seed} studio {episode}"
        tally.add(checker.check(place.root, asdict(people.book)), where)
        if kind == "hotfolder":
            tally.add(checker.unjudged(place.root), where)
