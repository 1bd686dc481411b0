"""From a star's write to the draft's move into seeds/, with very many drafts in the folder.

    python benchmarks/stars.py

A real daemon works on a studio of 10,000 drafts; nothing is rendered. Stars are set in the three
ways in which programs set them: an extended attribute, the file replaced, the file rewritten in
place. Printed are the time beyond the settling time, and how much the daemon read meanwhile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from hotfolder.commands.demo import STAR
from hotfolder.daemon import Daemon, Until
from hotfolder.images import pixels, png
from hotfolder.report.progress import Lines
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio

SETTLE_S = 0.5


class Silence(Lines):
    """Says nothing."""

    def say(self, sentence: str) -> None:
        """Not this either."""


def attribute(draft: Path) -> None:
    """As Dolphin and Gwenview do."""
    os.setxattr(draft, "user.baloo.rating", b"10")


def replaced(draft: Path) -> None:
    """As exiftool and gThumb do."""
    temporary = draft.with_name(draft.name + "_exiftool_tmp")
    temporary.write_bytes(png.with_xmp(draft.read_bytes(), STAR))
    temporary.replace(draft)


def in_place(draft: Path) -> None:
    """As exiv2 and digiKam do."""
    draft.write_bytes(png.with_xmp(draft.read_bytes(), STAR))


def crowd(studio: Studio, count: int, side_px: int) -> int:
    """Put many different pictures into drafts/; returns their bytes."""
    noise = os.urandom(side_px * side_px * 3)
    size = 0
    for number in range(count):
        colour = number.to_bytes(3, "big")
        image = Image.frombytes("RGB", (side_px, side_px), colour + noise[3:])
        data = pixels.encode_png(image, {})
        (studio.drafts / f"{number:05}.png").write_bytes(data)
        size += len(data)
    return size


def read_bytes() -> int:
    """How much this process has read so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def until_picked(studio: Studio, draft: Path) -> None:
    """Wait until a draft lies in seeds/."""
    target = studio.seeds / draft.name
    while not target.exists():
        time.sleep(0.001)


def measure(studio: Studio, drafts: list[Path], star: Callable[[Path], None]) -> str:
    """Star these drafts one by one; returns a line of figures."""
    beyond = []
    for draft in drafts:
        star(draft)
        began = time.perf_counter()
        until_picked(studio, draft)
        beyond.append(time.perf_counter() - began - SETTLE_S)
    return f"median {statistics.median(beyond) * 1e3:.0f} ms, worst {max(beyond) * 1e3:.0f} ms"


def main(count: int, each: int, side_px: int) -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as name:
        studio, _ = create(Path(name) / "studio")
        settings = f"settle_seconds = {SETTLE_S}\nlook_seconds = 60\nkeep_free_gb = 1e9\n"
        studio.settings.write_text(settings)
        size = crowd(studio, count, side_px)
        print(f"{count:,} drafts, {size / 1e6:.0f} MB; settling takes {SETTLE_S} s")
        daemon = Daemon(studio, Silence())
        thread = threading.Thread(target=daemon.run, args=(Until(),))
        drafts = sorted(studio.drafts.glob("*.png"))
        began = time.perf_counter()
        thread.start()
        attribute(drafts[-1])
        until_picked(studio, drafts[-1])
        print(f"from the start to the first star found: {time.perf_counter() - began:.1f} s")
        time.sleep(5)  # all the others are read meanwhile
        before = read_bytes()
        chosen = iter(drafts)
        for star in (attribute, replaced, in_place):
            some = [next(chosen) for _ in range(each)]
            print(f"{star.__name__}: {measure(studio, some, star)} beyond the settling time")
        fifty = [next(chosen) for _ in range(50)]
        for draft in fifty:
            attribute(draft)
        began = time.perf_counter()
        for draft in fifty:
            until_picked(studio, draft)
        beyond = time.perf_counter() - began - SETTLE_S
        print(f"fifty at once: the last {beyond * 1e3:.0f} ms beyond the settling time")
        print(f"read meanwhile: {(read_bytes() - before) / 1e6:.1f} MB")
        daemon.stop()
        thread.join()
        daemon.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drafts", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--side", type=int, default=96, help="of a draft, in px")
    options = parser.parse_args()
    main(options.drafts, options.each, options.side)
