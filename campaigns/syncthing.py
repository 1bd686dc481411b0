"""A Syncthing pair: a daemon works on one side, people on both, in the same folders.

Two Syncthings on the loopback share a studio. People drop prompt files, move and star drafts, on
whichever side they are. Every second batch happens while the two do not see each other; then they
also write one name on both sides, which makes conflict copies when they meet again. When all is in
sync and done, the daemon's side is read. No conflict copy may have triggered anything.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from campaigns.kit import checker, daemons, painter
from campaigns.kit.people import DRAFTS, People, copied, starred, studio
from campaigns.kit.table import Tally

TITLE = "a Syncthing pair with moves and edits on both sides"
COUNT = 500
NAIVE = 100
_A_BATCH = 20
_FIRST_PORTS = (14384, 14484)  # of the interface, and of the protocol; one more for each other one
_FOLDER = "studio"


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Do `count` things on both sides."""
    if shutil.which("syncthing") is None:
        tally.measured["not here"] = "Syncthing is missing"
        return
    place = studio(work, settle_s=0.3)
    there = work / "there"
    there.mkdir()
    (there / ".stfolder").mkdir()
    (place.root / ".stfolder").mkdir()
    people = People(place, str(seed))
    pair = Mesh(work, [place.root, there])
    daemon = daemons.start(kind, place)
    deeds = _Deeds(people, there)
    try:
        pair.settle()
        while deeds.done < count:
            apart = deeds.done // _A_BATCH % 2 == 1
            if apart:
                pair.part({0})
            for _ in range(min(_A_BATCH, count - deeds.done)):
                deeds.any(apart)
            if apart:
                pair.meet()
            pair.settle()
            _wait(people, daemons.PATIENCE_S if kind == "hotfolder" else 2)
        pair.settle()
        _wait(people, daemons.PATIENCE_S if kind == "hotfolder" else 2)
        pair.settle()
    finally:
        daemon.stop()
        pair.close()
    daemons.finish(kind, place)
    tally.runs = tally.faults = deeds.done
    found = checker.check(place.root, asdict(people.book))
    found["I2"] = found.get("I2", []) + deeds.from_conflicts(place.root)
    tally.add(found, f"seed {seed}")
    copies = list(place.root.rglob("*.sync-conflict-*"))
    tally.measured["conflict copies"] = str(len(copies))
    tally.measured["deeds"] = ", ".join(f"{name} {n}" for name, n in deeds.counts.items())


class _Deeds:
    """What people do, here (where the daemon is) and there."""

    def __init__(self, people: People, there: Path) -> None:
        self.done = 0
        self.counts: dict[str, int] = {}
        self._people = people
        self._there = there
        self._touched: set[str] = set()
        self._losers: set[str] = set()

    def any(self, apart: bool) -> None:
        """One thing that is possible now; both sides write one name only while they are `apart`."""
        chance = self._people.chance
        deeds = ["drop", "drop there", "move there", "star there", "pick"]
        deed = chance.choice([*deeds, "clash", "clash"] if apart else deeds)
        if {
            "drop": self._drop,
            "drop there": self._drop_there,
            "move there": self._move_there,
            "star there": self._star_there,
            "pick": self._people.pick,
            "clash": self._clash,
        }[deed]() is not False:
            self.done += 1
            self.counts[deed] = self.counts.get(deed, 0) + 1

    def from_conflicts(self, root: Path) -> list[str]:
        """Finals that were made of the version of a picture that became a conflict copy."""
        wrong = []
        for path in (root / "final").rglob("*.png"):
            recipe = checker.read(path).recipe or {}
            if (recipe.get("source") or {}).get("sha256") in self._losers:
                wrong.append(f"{path} was made from a conflict copy")
        return wrong

    def _drop(self) -> None:
        self._people.drop(copied)

    def _drop_there(self) -> None:
        text = f"a boat from there {self.done} {len(self._touched)}"
        path = self._there / "inbox" / f"there {self.done}.txt"
        path.write_text(text + "\n")
        self._people.book.prompts[text] = DRAFTS

    def _there_drafts(self) -> list[Path]:
        drafts = sorted((self._there / "drafts").glob("*.png"))
        return [
            path
            for path in drafts
            if path.name not in self._touched
            and path.name not in self._people.picked
            and ".sync-conflict-" not in path.name
        ]

    def _move_there(self) -> bool:
        """A draft goes to seeds/ on the other side."""
        drafts = self._there_drafts()
        if not drafts:
            return False
        draft = self._people.chance.choice(drafts)
        self._touched.add(draft.name)
        self._people.picked.add(draft.name)
        draft.rename(self._there / "seeds" / draft.name)
        return True

    def _star_there(self) -> bool:
        """A draft gets a star on the other side."""
        drafts = self._there_drafts()
        if not drafts:
            return False
        draft = self._people.chance.choice(drafts)
        self._touched.add(draft.name)
        self._people.picked.add(draft.name)
        beside = draft.with_name(f"{draft.name}_exiftool_tmp")
        beside.write_bytes(starred(draft.read_bytes()))
        beside.replace(draft)
        return True

    def _clash(self) -> None:
        """One name in seeds/ is written on both sides at once, with different pictures.

        The other side's is older, so that Syncthing makes that one the conflict copy.
        """
        name = f"clash {self.done}.png"
        for side, root in (("there", self._there), ("here", self._people.root)):
            picture = root / "seeds" / name
            painter.paint(f"{side} {self.done}", 64, 48).save(picture)
            if side == "there":
                os.utime(picture, (1e9, 1e9))
                self._losers.add(checker.read(picture).key)
            else:
                self._people.book.own(root, picture)


class Mesh:
    """Syncthings that know only one another, one for each of several folders."""

    def __init__(self, work: Path, folders: Sequence[Path]) -> None:
        self._all = range(len(folders))
        self._keys = [secrets.token_hex(16) for _ in folders]
        homes = [work / f"st-{number}" for number in self._all]
        names = [_identity(home) for home in homes]
        self._names = names
        self._apart: set[int] = set()
        self._running = []
        for number, home in enumerate(homes):
            _configure(home, number, self._keys[number], names, folders[number])
            self._running.append(
                subprocess.Popen(
                    ["syncthing", "serve", f"--home={home}", "--no-browser", "--no-restart",
                     "--no-default-folder", f"--gui-address=127.0.0.1:{_FIRST_PORTS[0] + number}"],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "STNOUPGRADE": "1", "HOME": str(work)},
                )
            )  # fmt: skip

    def settle(self, seconds: float = 60.0) -> None:
        """Until all have scanned and have what the others have."""
        end = time.monotonic() + seconds
        quiet = 0
        while time.monotonic() < end and quiet < 2:
            try:
                self._scan()
                complete = all(map(self._is_complete, self._all))
                quiet = quiet + 1 if complete else 0
            except OSError:
                quiet = 0
            time.sleep(0.3)

    def part(self, sides: Collection[int]) -> None:
        """From now on these see nobody, and nobody sees them."""
        self._apart |= set(sides)
        self._tell("pause")

    def meet(self) -> None:
        """Each scans for itself, then all see one another again."""
        self._scan()
        self._tell("resume")
        self._apart.clear()

    def _tell(self, what: str) -> None:
        """Pause or resume what those that are apart know of the others."""
        for number in self._apart:
            for other in self._names[:number] + self._names[number + 1 :]:
                self._ask(number, f"/rest/system/{what}?device={other}", "POST")

    def _scan(self) -> None:
        for number in self._all:
            self._ask(number, f"/rest/db/scan?folder={_FOLDER}", "POST")

    def _is_complete(self, number: int) -> bool:
        status = self._ask(number, f"/rest/db/status?folder={_FOLDER}")
        others = self._names[:number] + self._names[number + 1 :]
        there = [self._ask(number, f"/rest/db/completion?folder={_FOLDER}&device={name}")
                 for name in others]  # fmt: skip
        if status["state"] != "idle" or status["needFiles"]:
            return False
        return all(one["completion"] == 100 for one in there)

    def _ask(self, number: int, path: str, method: str = "GET"):  # type: ignore[no-untyped-def]
        request = urllib.request.Request(
            f"http://127.0.0.1:{_FIRST_PORTS[0] + number}{path}",
            headers={"X-API-Key": self._keys[number]},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            data = answer.read()
        return json.loads(data) if data else {}

    def close(self) -> None:
        """End all."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(30)


def _identity(home: Path) -> str:
    """Make keys for a Syncthing; its name."""
    command = ["syncthing", "generate", f"--home={home}", "--no-default-folder"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(home)})
    written = (home / "config.xml").read_text()
    match = re.search(r'<device id="([A-Z0-9-]+)"', written)
    assert match
    return match[1]


def _configure(home: Path, number: int, key: str, names: list[str], folder: Path) -> None:
    """No discovery, no relays, no guests; one folder, shared with the others."""
    file = home / "config.xml"
    tree = ElementTree.parse(file)  # noqa: S314
    root = tree.getroot()
    for old in (*root.findall("folder"), *root.findall("device")):
        root.remove(old)
    shared = ElementTree.SubElement(
        root,
        "folder",
        id=_FOLDER,
        path=str(folder),
        type="sendreceive",
        rescanIntervalS="3600",
        fsWatcherEnabled="true",
        fsWatcherDelayS="1",
    )
    ElementTree.SubElement(shared, "maxConflicts").text = "-1"
    for name in names:
        ElementTree.SubElement(shared, "device", id=name)
    for each, name in enumerate(names):
        device = ElementTree.SubElement(root, "device", id=name, name=str(each))
        address = ElementTree.SubElement(device, "address")
        address.text = f"tcp://127.0.0.1:{_FIRST_PORTS[1] + each}"
    options = root.find("options")
    gui = root.find("gui")
    assert options is not None and gui is not None
    wanted = {
        "listenAddress": f"tcp://127.0.0.1:{_FIRST_PORTS[1] + number}",
        "globalAnnounceEnabled": "false",
        "localAnnounceEnabled": "false",
        "relaysEnabled": "false",
        "natEnabled": "false",
        "urAccepted": "-1",
        "crashReportingEnabled": "false",
        "autoUpgradeIntervalH": "0",
        "reconnectionIntervalS": "1",
    }
    for tag, text in wanted.items():
        for old in options.findall(tag):
            options.remove(old)
        ElementTree.SubElement(options, tag).text = text
    for old in gui.findall("apikey"):
        gui.remove(old)
    ElementTree.SubElement(gui, "apikey").text = key
    tree.write(file)


def _wait(people: People, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.3)
        if checker.seems_done(people.root, asdict(people.book)):
            return
