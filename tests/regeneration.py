"""Makes pictures of all kinds, then makes each again in another process and another order.

    python -m tests.regeneration --pictures 200 --seed 1

Every scheduler, every format, aspects, wildcards, drafts and finals; some drafts are interrupted by
refinements. All of them must come out identical, from their files and the kept sources alone.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from PIL import Image

from hotfolder.commands.regenerate import again
from hotfolder.daemon import Daemon, Until
from hotfolder.images.metadata import suffixes
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.report.progress import Lines
from hotfolder.studio import layout
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio

# The schedulers that must be among them come first, for the smaller runs.
SOME = ("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "UniPC", "DDIM", "LCM")
# In so few steps nothing but NaN is left of these on the shipped model.
TOO_FEW_STEPS = ("DPM2 a",)
ALL = (*SOME, *(name for name in SCHEDULERS if name not in (*SOME, *TOO_FEW_STEPS)))
FORMATS = ('"png"', '"jpeg"', '"webp"', '"webp"\nquality = 80', '"jpeg"\nquality = 60')
ASPECTS = ('"9:16 to 16:9"', '"1:1"', '["2:3", "3:2"]', '"2:1 to 5:2"')
FINALS = 3  # of each picked draft

PROMPT = """\
prompt = "a {{castle|lighthouse|windmill}} by a {{lake|river}}, __light__"
count = {count}
aspect = {aspect}
scheduler = "{scheduler}"
steps = {steps}

[draft]
area = "112x112"
format = {draft_format}

[refine]
area = "144x144"
strength = [0.4, 0.6, 1.0]
format = {final_format}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """The pictures of a campaign, and how many of their drafts were interrupted."""

    studio: Studio
    pictures: tuple[Path, ...]
    interrupted: int


class _Picker(Lines):
    """Picks finished drafts while others render: at a step, which then waits for a refinement."""

    def __init__(self, studio: Studio, picks: int) -> None:
        self.interrupted = 0
        self._studio = studio
        self._left = picks
        self._refining = Event()
        self._drafts: set[int | None] = set()

    def began(self, what: str, which: int | None = None) -> None:
        """A picture is given to a thread."""
        if what.startswith("draft"):
            self._drafts.add(which)
        elif what.startswith("final"):
            self._refining.set()

    def ended(self, which: int | None = None) -> None:
        """It is done."""
        self._drafts.discard(which)

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """At the second step of a draft, another is picked."""
        if step == 2 and which in self._drafts and self._left and (path := self._unpicked()):
            self._left -= 1
            self._refining.clear()
            path.rename(self._studio.seeds / path.name)
            self.interrupted += self._refining.wait(120)

    def _unpicked(self) -> Path | None:
        """A draft of a scheduler and format that was picked least often: the last one by name."""
        lying = [path for path in self._studio.drafts.rglob("*") if path.suffix in suffixes()]
        picked = Counter(path.suffix for path in self._studio.seeds.iterdir())
        return min(lying, key=lambda path: (picked[path.suffix], path.name), default=None)


def make(root: Path, pictures: int) -> Made:
    """Have a daemon make so many pictures of all kinds below `root`, which does not exist yet."""
    studio, _ = create(root)
    studio.settings.write_text(
        'folders = "prompt"\nsettle_seconds = 0.05\nlook_seconds = 1\nphotos.prompt = "a hill"\n'
    )
    (studio.wildcards / "light.txt").write_text("noon\nevening\nclear {morning|night}\n")
    picks = pictures // (2 * FINALS)
    drafts = pictures - picks * FINALS
    schedulers = ALL[: min(len(ALL), drafts)]
    for number, scheduler in enumerate(schedulers):
        prompt = PROMPT.format(
            count=drafts // len(schedulers) + (number < drafts % len(schedulers)),
            aspect=ASPECTS[number % len(ASPECTS)],
            scheduler=scheduler,
            steps=4 + number % 3,
            draft_format=FORMATS[number % len(FORMATS)],
            final_format=FORMATS[(number // 2 + 1) % len(FORMATS)],
        )
        (studio.inbox / f"{number:02}.toml").write_text(prompt)
    picker = _Picker(studio, picks - 1)
    _work(studio, picker)
    Image.linear_gradient("L").resize((150, 100)).convert("RGB").save(studio.seeds / "mine.png")
    _work(studio, picker)
    rooms = (studio.drafts, studio.seeds, studio.final)
    made = [path for room in rooms for path in room.rglob("*") if path.suffix in suffixes()]
    made.remove(studio.seeds / "mine.png")
    (studio.seeds / "mine.png").unlink()
    return Made(studio, tuple(sorted(made)), picker.interrupted)


def check(made: Made, seed: int) -> subprocess.CompletedProcess[str]:
    """Make all pictures again, one by one in another order, in a new process."""
    order = list(made.pictures)
    random.Random(seed).shuffle(order)
    command = [sys.executable, "-m", "tests.regeneration", "--check", str(made.studio.root)]
    return subprocess.run([*command, *map(str, order)], capture_output=True, text=True, check=False)


def kinds(pictures: Sequence[Path]) -> Counter[str]:
    """How many pictures there are of each stage, scheduler, format and kind of source."""
    found: Counter[str] = Counter()
    for path in pictures:
        shown = identify(path.read_bytes())
        assert shown.recipe is not None
        assert shown.record is not None
        found[shown.record.stage] += 1
        found[shown.recipe.scheduler] += 1
        found[str(shown.record.encoding)] += 1
        found["of a picture from elsewhere"] += isinstance(shown.recipe.source, Pixels)
        found["of a lossy draft"] += shown.recipe.source_encoding is not None
    return found


def _work(studio: Studio, progress: Lines) -> None:
    daemon = Daemon(studio, progress)
    daemon.run(Until(idle=True))
    daemon.close()
    assert not daemon.failures


def _check(studio: Studio, pictures: Sequence[Path]) -> int:
    """Each by itself, so that nothing is remembered from one to the next."""
    failed = 0
    for path in pictures:
        if again([path], studio, _Words()):
            failed += 1
    print(f"{len(pictures) - failed} of {len(pictures)} identical")
    return 1 if failed else 0


class _Words(Lines):
    """Prints what is wrong, and nothing else."""

    def say(self, sentence: str) -> None:
        """Nothing."""

    def warn(self, sentence: str) -> None:
        """A line."""
        print(sentence)


def main() -> int:
    """Run what the command line asks for; 1 if any picture did not come out identical."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the check")
    parser.add_argument("--check", nargs="+", type=Path, metavar="PATH", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.check:
        return _check(layout.find(options.check[0]), options.check[1:])
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder) / "studio", options.pictures)
        print(f"{len(made.pictures)} pictures, {made.interrupted} drafts were interrupted")
        for kind, count in kinds(made.pictures).most_common():
            print(f"  {count:5} {kind}")
        done = check(made, options.seed)
    print(f"{done.stdout}{done.stderr}in {time.monotonic() - begin:.0f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
