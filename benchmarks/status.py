"""What `hotfolder status` costs in a studio of very many pictures.

    python benchmarks/status.py [PICTURES]

Seconds of a processor and by the clock: for a studio that nobody has read; without a daemon, asked
for once more, and after one has ended, which has left its look; and while a daemon is at work,
which has posted how things stand. Beside that what it takes to ask for the state of every file and
nothing else, and what it costs a daemon to leave its look.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import msgspec

from hotfolder.history import Made
from hotfolder.notices import Notices
from hotfolder.overview import look
from hotfolder.report.progress import Lines
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import last_look, local
from hotfolder.studio.store.ledger import LEDGER, Ledger
from hotfolder.studio.store.lock import locked
from hotfolder.studio.store.status_file import StatusFile

PATTERNS = Path(__file__).parent.parent / "tests/data/layout"
REQUESTS = 50


def filled(root: Path, count: int) -> Studio:
    """A studio with so many drafts, all in its ledger."""
    studio, _ = create(root)
    (studio.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    pattern = sorted(PATTERNS.glob("*.png"))[0].read_bytes()
    ledger = root / LEDGER / f"{local.machine()}.jsonl"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.open("w") as lines:
        for number in range(count):
            file = studio.drafts / f"boat-{number:06d}.png"
            if number % 1000 == 0:
                file.write_bytes(pattern)
                first = file
            else:
                os.link(first, file)
            name = sha256(str(number).encode()).hexdigest()
            request = sha256(str(number % REQUESTS).encode()).hexdigest()
            made = Made("draft", request, number // REQUESTS, name, f"drafts/{file.name}", name)
            lines.write(json.dumps(msgspec.to_builtins(made)) + "\n")
    return studio


def timed(studio: Studio, what: str) -> None:
    """Print what one call of the command costs."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "hotfolder", "status", str(studio.root)]
    subprocess.run(command, check=True, capture_output=True)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  {what}: {cpu:.2f} s of a processor, {took:.2f} s")


def main(count: int) -> None:
    """Print all three for a studio of so many drafts."""
    with tempfile.TemporaryDirectory() as name:
        for kind in ("STATE", "CACHE", "CONFIG"):
            os.environ[f"XDG_{kind}_HOME"] = f"{name}/{kind.lower()}"
        studio = filled(Path(name) / "studio", count)
        print(f"{count:,} drafts, load {os.getloadavg()[0]:.1f}")
        timed(studio, "never read before")
        timed(studio, "asked again")
        began = time.process_time()
        with os.scandir(studio.drafts) as drafts:
            for draft in drafts:
                draft.stat(follow_symlinks=False)
        print(f"  (the state of every file, by itself: {time.process_time() - began:.2f} s)")
        last_look.path(studio.root).unlink()
        began = time.process_time()
        scanner = Scanner(studio)
        scanner.refresh()
        while (due_s := scanner.due_in_s()) is not None:
            time.sleep(due_s)
            scanner.refresh(set())
        reading_s = time.process_time() - began
        notices = Notices(studio.root, scanner, Ledger(studio), Lines(), time.monotonic)
        began = time.process_time()
        notices.leave()
        leaving_s = time.process_time() - began
        timed(studio, "after a daemon that has ended")
        timed(studio, "asked again")
        with locked(studio.root):
            began = time.process_time()
            notices.post(StatusFile())
            posting_s = time.process_time() - began
            timed(studio, "a daemon is at work")
        print(f"  a daemon's first start reads {reading_s / count * 1000:.2f} ms for each draft,")
        began = time.process_time()
        look(studio)
        again_s = time.process_time() - began
        print(f"  later ones {again_s / count * 1000:.3f} ms;")
        print(f"  a post takes {posting_s * 1000:.1f} ms, the last look {leaving_s * 1000:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
