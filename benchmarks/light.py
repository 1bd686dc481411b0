"""What looking through pictures costs: thumbnails, their price for drafts, and contact sheets.

    python benchmarks/light.py thumbnails    # how many are made in a second of one processor
    python benchmarks/light.py drafts        # how much slower drafts are meanwhile, in one run
    python benchmarks/light.py sheet         # a contact sheet of 1,000 drafts

The page itself is measured by `make test-browser` (tests/light/live_many.py), `hotfolder status` by
benchmarks/status.py.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hotfolder.light.catalogue import Catalogue
from hotfolder.light.portrait import portray
from hotfolder.light.thumbnails import Cache, Painters
from hotfolder.recipes.draw import draw
from hotfolder.recipes.prompt import Prompt
from hotfolder.studio.config.load import nobody
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.workshop import models_of
from tests.light.pictures import fill

UNIQUE = 500
ROUNDS = 12
DRAFTS = 5  # of a round


@contextmanager
def filled(count: int) -> Iterator[Studio]:
    """A studio of so many drafts of 256x256 or so: links to a few hundred that differ."""
    with tempfile.TemporaryDirectory() as name:
        for kind in ("STATE", "CACHE", "CONFIG"):
            os.environ[f"XDG_{kind}_HOME"] = f"{name}/{kind.lower()}"
        studio, _ = create(Path(name) / "studio")
        fill(studio.drafts, range(min(count, UNIQUE)))
        unique = sorted(studio.drafts.iterdir())
        for number in range(len(unique), count):
            os.link(unique[number % UNIQUE], studio.drafts / f"more-{number:06d}.png")
        yield studio


def thumbnails() -> None:
    """Print how many are made in a second of a processor."""
    with filled(UNIQUE) as studio:
        paths = sorted(f"drafts/{file.name}" for file in studio.drafts.iterdir())
        portray(str(studio.root), paths[0])
        began = time.process_time()
        for path in paths:
            portray(str(studio.root), path)
        print(f"{len(paths) / (time.process_time() - began):.0f} thumbnails a second and processor")


def drafts() -> None:
    """Print what drafts take while thumbnails are made, by what they take otherwise.

    Rounds of both take turns, so that whatever else the machine does is the same for both.
    """
    from hotfolder.render.engine import Engine

    config = nobody()
    engine = Engine(models_of(config), None)
    profile = config.profile(None)
    prompt = Prompt(text="a castle by a lake, {morning|evening}")

    def round_s(first: int) -> float:
        began = time.monotonic()
        for ordinal in range(first, first + DRAFTS):
            engine.render(draw(prompt, profile, ordinal, "benchmark", {}))
        return (time.monotonic() - began) / DRAFTS

    with filled(50_000) as studio:
        catalogue = Catalogue(studio.root, studio.root / "light.sqlite")
        catalogue.refresh()
        cache = Cache(studio.root / "thumbnails.sqlite")

        def made() -> int:
            count = "SELECT COUNT(*) FROM picture WHERE version > 0"
            return int(catalogue.rows(count)[0][0])

        round_s(0)
        ratios = []
        for number in range(ROUNDS):
            alone_s = round_s(DRAFTS * number)
            with closing(Painters(studio.root, catalogue, cache, lambda _: None)):
                before = made()
                _until(lambda before=before: made() > before)  # type: ignore[misc]
                ratios.append(round_s(DRAFTS * number) / alone_s)
            print(f"  {alone_s:.3f} s alone, {ratios[-1]:.3f} times that beside thumbnails")
        print(f"drafts take {statistics.median(ratios):.3f} times as long; {made():,} thumbnails")


def sheet() -> None:
    """Print what a contact sheet of 1,000 drafts takes."""
    with filled(1000) as studio:
        for name in ("sheet.jpg", "sheet.pdf"):
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            output = studio.root.parent / name
            command = [sys.executable, "-m", "hotfolder", "sheet", str(studio.drafts)]
            subprocess.run([*command, "--output", str(output)], check=True, capture_output=True)
            took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            size_mb = output.stat().st_size / 1e6
            print(f"{name}: {took:.1f} s, {cpu:.1f} s of a processor, {size_mb:.1f} MB")


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


if __name__ == "__main__":
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for part in sys.argv[1:] or ["thumbnails", "drafts", "sheet"]:
        {"thumbnails": thumbnails, "drafts": drafts, "sheet": sheet}[part]()
