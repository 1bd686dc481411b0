"""How long a gallery of many pictures takes: python benchmarks/gallery.py [PICTURES].

Three runs of the command: all copies made; only the pages anew; nothing new. Seconds, and those of
the processor, which other programs do not lengthen.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from hotfolder.images import picture
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record

SUBJECTS = ("castle", "lighthouse", "windmill", "cottage", "boat", "tree", "balloon")
HOURS = ("at dawn", "at noon", "at sunset", "at night")
SHAPES = ((256, 256), (288, 224), (208, 320))


def fill(folder: Path, count: int) -> None:
    """Put pictures into a folder that differ and carry recipes."""
    random = np.random.default_rng(1)
    for number in range(count):
        width, height = SHAPES[number % len(SHAPES)]
        tiny = Image.fromarray(random.integers(0, 256, (2, 2, 3), np.uint8))
        image = tiny.resize((width, height), Image.Resampling.BICUBIC)
        recipe = Recipe(
            prompt=f"a {random.choice(SUBJECTS)} {random.choice(HOURS)}, calm weather",
            seed=number,
            width=width,
            height=height,
            multiple=16,
            model="postcard",
            scheduler="Euler",
            steps=12,
            guidance_scale=3.5,
        )
        created = f"2026-01-{1 + number % 28:02d}T00:00:{number % 60:02d}+00:00"
        record = Record(stage="draft", pixels=pixel_hash(image), created=created)
        (folder / f"{number:06d}.png").write_bytes(picture.publishable(image, recipe, record)[0])


def timed(pictures: Path, site: Path, title: str) -> tuple[float, float]:
    """Seconds and processor seconds of one run of the command."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "hotfolder", "gallery", str(pictures), "-o", str(site)]
    subprocess.run([*command, "--prompts", "--title", title], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begin, own


def main() -> None:
    """Print the three times."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        pictures, site = Path(folder, "pictures"), Path(folder, "site")
        pictures.mkdir()
        fill(pictures, count)
        runs = (("everything", "a"), ("only the pages", "b"), ("nothing new", "b"))
        for what, title in runs:
            wall, own = timed(pictures, site, title)
            print(f"{count:,} pictures, {what}: {wall:.1f} s, {own:.1f} s of processors")


if __name__ == "__main__":
    main()
