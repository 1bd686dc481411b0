"""Makes chains, retouches and finishings of all kinds, then each again from its final alone.

    python -m tests.refinements --finals 100 --seed 1

Each finishing step before and after img2img, chains of several links, steps alone, masks of one and
of several parts, and words. The pictures come from elsewhere: painted scenes as PNG, JPEG and WebP.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from hotfolder.daemon import Daemon, Until
from hotfolder.finishing import steps
from hotfolder.recipes.recipe import chain
from hotfolder.report.progress import Lines
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from tests import regeneration
from training.painter.picture import paint
from training.painter.scene import draw_scene

FIRST = 740_000
IMG2IMG = '[[refine.links]]\narea = "96x96"\nstrength = 0.5\n'
NEEDS = {"crop": "width = 90\nheight = 70\n"}
RETOUCHES = ("mask", "masks", "word")


def kinds() -> dict[str, str]:
    """Links by the name of the profile that has them."""
    found = {
        "two-links": f"{IMG2IMG}[[refine.links]]\nfactor = 1.25\nstrength = 0.3\n",
        "three-links": IMG2IMG * 3,
    }
    for name in steps.names():
        step = f'[[refine.links]]\nstep = "{name}"\n{NEEDS.get(name, "")}'
        found |= {f"{name}-before": step + IMG2IMG, f"{name}-after": IMG2IMG + step}
        found[f"{name}-alone"] = step
    return found


def make(root: Path, finals: int) -> regeneration.Made:
    """Have a daemon make so many finals below `root`, one of each pick."""
    studio, _ = create(root)
    studio.settings.write_text("settle_seconds = 0.05\nlook_seconds = 1\n")
    profiles = kinds()
    head = 'extends = "postcard"\nsteps = 4\n[refine]\ncount = 1\narea = "96x96"\n'
    for name, links in profiles.items():
        (studio.profiles / f"{name}.toml").write_text(head + links)
    (studio.profiles / "retouch.toml").write_text(head)
    wanted = (*RETOUCHES, *profiles)
    for number in range(finals):
        _pick(studio, number, wanted[number % len(wanted)])
    daemon = Daemon(studio, Lines())
    daemon.run(Until(idle=True))
    daemon.close()
    assert not daemon.failures
    return regeneration.Made(studio, tuple(sorted(studio.final.iterdir())), 0)


def _pick(studio: Studio, number: int, kind: str) -> None:
    """A painted scene in `seeds/`, as PNG, JPEG or WebP, and what is to be done with it."""
    seed = next(s for s in range(FIRST + 100 * number, 10**9) if draw_scene(s).subject == "castle")
    picture = Image.fromarray(paint(draw_scene(seed), 128, 96))
    path = studio.seeds / f"p{number}.{('png', 'jpg', 'webp')[number % 3]}"
    profile = "retouch" if kind in RETOUCHES else kind
    path.with_suffix(".toml").write_text(f'prompt = "a castle"\nprofile = "{profile}"\n')
    if kind in ("mask", "masks"):
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).ellipse((30, 20, 70, 60), fill=255)
        if kind == "masks":
            ImageDraw.Draw(mask).ellipse((105, 70, 120, 88), fill=255)
        mask.save(path.with_suffix(".mask.png"))
    elif kind in RETOUCHES:
        path.with_suffix(".retouch.txt").write_text("castle: a ruined castle")
    picture.save(path)


def told(pictures: Sequence[Path]) -> Counter[str]:
    """How many finals have each kind of link."""
    found: Counter[str] = Counter()
    for path in pictures:
        shown = identify(path.read_bytes())
        assert shown.recipe is not None
        for link in chain(shown.recipe):
            found["drawn"] += link.is_drawn and link.region is None
            found["retouched"] += link.region is not None
            found["found by a word"] += bool(link.region and link.region.word)
            found.update(step.name for step in (*link.prepare, *link.finish))
    return found


def main() -> int:
    """Run what the command line asks for; 1 if any final did not come out identical."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--finals", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the check")
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder) / "studio", options.finals)
        print(f"{len(made.pictures)} finals")
        for kind, count in told(made.pictures).most_common():
            print(f"  {count:5} {kind}")
        done = regeneration.check(made, options.seed)
    print(f"{done.stdout}{done.stderr}in {time.monotonic() - begin:.0f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
