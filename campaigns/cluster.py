"""A Ray cluster of two nodes on this computer, of which anything may die: `kill -9` at random.

A worker, the second node with all that runs on it, or the daemon: each time one of them. Nodes come
back, and so does the daemon; Ray brings back workers. Pictures are painted by the cluster.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import psutil

from campaigns.kit import checker, daemons
from campaigns.kit.people import DRAFTS, People, copied, studio
from campaigns.kit.raylets import Raylets
from campaigns.kit.table import Tally

TITLE = "a Ray cluster whose workers, nodes and daemon are killed"
COUNT = 1000
NAIVE = 1
_PER_FAULT = 10
_PATIENCE_S = 600.0


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Have `count` pictures made, with a tenth as many kills."""
    if kind == "naive":
        tally.measured["naive"] = "it renders on no cluster"
        return
    raylets = Raylets()
    try:
        raylets.start_head()
        raylets.add()
        place = studio(work, step_s=0.002)
        os.environ.update(raylets.environment())
        _kill(People(place, f"{seed}"), raylets, count, tally)
    finally:
        raylets.close()


def _kill(people: People, raylets: Raylets, count: int, tally: Tally) -> None:
    place, chance = people.place, people.chance
    told = Counter[str]()

    def started() -> daemons.Running:
        before = lambda: daemons.on_a_cluster(raylets.address)  # noqa: E731
        return daemons.start("hotfolder", place, before=before)

    daemon, wanted = started(), 0
    try:
        while wanted < count:
            made = _made(people)
            while wanted < made + 2 * _PER_FAULT:
                wanted += _drop(people)
            wanted += people.book.finals if people.pick() else 0
            daemons.until(lambda made=made: _made(people) >= made + _PER_FAULT, _PATIENCE_S, 0.05)
            time.sleep(chance.uniform(0.0, 0.2))
            what = chance.choices(("worker", "node", "daemon"), (6, 1, 3))[0]
            told[what] += 1
            tally.faults += 1
            if what == "daemon":
                daemon.kill()
                daemon = started()
            elif what == "node":
                raylets.kill(raylets.nodes.pop())
                raylets.add()
            elif workers := raylets.workers():
                with contextlib.suppress(psutil.Error):
                    chance.choice(workers).kill()
        daemons.until(lambda: not any((place.root / "inbox").glob("*.txt")), _PATIENCE_S, 0.2)
        daemon.stop()
    finally:
        daemon.kill()
        people.close()
    daemons.finish("hotfolder", place)
    tally.runs += wanted
    tally.measured["killed"] = ", ".join(f"{many} x {what}" for what, many in told.items())
    tally.add(checker.check(place.root, asdict(people.book)), "cluster")


def _drop(people: People) -> int:
    """Drop a prompt file; how many drafts it asks for."""
    before = len(people.book.prompts)
    people.drop(copied)
    return DRAFTS * (len(people.book.prompts) - before)


def _made(people: People) -> int:
    return sum(
        1 for room in ("drafts", "seeds", "final") for _ in (people.root / room).glob("*.png")
    )
