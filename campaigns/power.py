"""Power cuts: snapshots of a mounted ext4 image, taken while the daemon works on it.

The image lies on XFS, whose reflinks copy it in an instant: a snapshot holds what had reached the
disk, and nothing of what was only in memory. Each is mounted (which replays the journal) and read:
every picture that the ledger acknowledged before the cut is there (I1) and none is torn (I3). Then
a daemon finishes there, and all else must hold as well. What a drive loses of its own cache is not
simulated.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import asdict, replace
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.book import Book
from campaigns.kit.people import UNFINISHED, People, studio
from campaigns.kit.table import Tally

TITLE = "power cuts (snapshots of a mounted ext4 image)"
COUNT = 200
NAIVE = 50
_CUTS_A_DISK = 20
_DISK_MB = 64


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Cut the power `count` times."""
    cellar = work / "xfs"
    _make(work / "xfs.img", 700, ["mkfs.xfs", "-q", "-m", "reflink=1"])
    _mount(work / "xfs.img", cellar)
    acknowledged = 0
    try:
        for first in range(0, count, _CUTS_A_DISK):
            cuts = min(_CUTS_A_DISK, count - first)
            acknowledged += _life(kind, f"{seed} {first}", cuts, work, cellar, tally)
    finally:
        subprocess.run(["umount", cellar], check=False)
    tally.measured["pictures acknowledged before a cut"] = f"{acknowledged:,}"


def _life(kind: daemons.Kind, seed: str, cuts: int, work: Path, cellar: Path, tally: Tally) -> int:
    """One disk with a studio, cut several times; how many pictures were acknowledged by then."""
    image, disk = cellar / "disk.img", work / "disk"
    image.unlink(missing_ok=True)
    _make(image, _DISK_MB, ["mkfs.ext4", "-q"])
    _mount(image, disk, "commit=1")
    snapshots: list[tuple[Path, set[str]]] = []
    place = studio(disk, batch=2)
    place = replace(place, state=work / "state")
    subprocess.run(["sync", "-f", disk], check=True)  # the new studio is not what is tried here
    people = People(place, seed, f"{seed.split()[-1]}.", durable=True)
    daemon = daemons.start(kind, place)
    try:
        for number in range(cuts):
            if number % 2 == 0:
                people.drop()
            elif number % 3 == 0:
                people.pick()
            time.sleep(people.chance.expovariate(1 / 0.25))
            known = _acknowledged(place.root)
            snapshot = cellar / f"snapshot-{number}.img"
            subprocess.run(["cp", "--reflink=always", image, snapshot], check=True)
            snapshots.append((snapshot, known))
    finally:
        daemon.kill()
        subprocess.run(["umount", disk], check=True)
    for snapshot, known in snapshots:
        copies = people.book.copies
        _read(kind, snapshot, known, copies, work, tally, f"seed {seed} {snapshot.stem}")
        snapshot.unlink()
    return sum(len(known) for _, known in snapshots)


def _read(
    kind: daemons.Kind,
    snapshot: Path,
    known: set[str],
    copies: dict[str, int],
    work: Path,
    tally: Tally,
    where: str,
) -> None:
    """What a cut left, and what a daemon makes of it."""
    disk = work / "after"
    _mount(snapshot, disk)
    place = daemons.Place(disk / "studio", work / "state")
    try:
        pictures = _recipes(place.root)
        gone = known - pictures
        book = asdict(Book(copies=copies))
        before = checker.check(place.root, book)
        found = {"I3": before.get("I3", []), "I1": [f"{name} is missing" for name in gone]}
        tally.add({name: cases for name, cases in found.items() if cases}, where)
        daemons.finish(kind, place)
        done = _texts(place.root / "inbox" / "done")
        book["prompts"] = dict.fromkeys(done, 2)
        book["maybe"] = {UNFINISHED: 100}
        after = checker.check(place.root, book)
        after["I2"] = [case for case in after.get("I2", []) if "not asked for" not in case]
        after.pop("I3", None)  # counted already
        tally.add(after, f"{where}, after a restart")
    finally:
        subprocess.run(["umount", disk], check=True)
    tally.runs += 1
    tally.faults += 1


def _acknowledged(root: Path) -> set[str]:
    """The recipes of the pictures that the ledger says were made."""
    made = set()
    for path in (root / ".hotfolder" / "ledger").glob("*.jsonl"):
        for line in path.read_text("ascii").splitlines():
            entry = json.loads(line) if line.endswith("}") else {}
            if entry.get("event") == "made":
                made.add(entry["recipe"])
    return made


def _recipes(root: Path) -> set[str]:
    found = set()
    for room in ("drafts", "seeds", "final"):
        for path in (root / room).glob("*.png"):
            try:
                found.add(checker.read(path).identity)
            except checker.Torn:
                continue
    return found


def _texts(folder: Path) -> set[str]:
    texts = set()
    for path in folder.glob("*.txt"):
        texts |= {part.strip() for part in path.read_text("utf-8").split("\n\n") if part.strip()}
    return texts - {UNFINISHED}


def _make(image: Path, size_mb: int, command: list[str]) -> None:
    with image.open("wb") as stream:
        stream.truncate(size_mb * 2**20)
    subprocess.run([*command, image], check=True, stdout=subprocess.DEVNULL)


def _mount(image: Path, at: Path, *options: str) -> None:
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", ",".join(("loop", *options)), image, at], check=True)
