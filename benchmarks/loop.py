"""What the daemon costs: against a bare diffusers loop, and with many files in the folders.

    python benchmarks/loop.py

Both loops use the model that comes along, the same recipes and the same number of threads, in one
process, in turn. A turn of the daemon's loop is timed in studios of 10,000 and 100,000 drafts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from hotfolder.daemon import Daemon, Until
from hotfolder.plan import plan
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import environment
from hotfolder.report.progress import Lines
from hotfolder.studio import belongings, layout
from hotfolder.studio.identity import identify
from hotfolder.studio.ledger import Ledger
from hotfolder.studio.look import Look

PROMPT = "a castle by a lake at sunset, mountains"


class Stopwatch(Lines):
    """Times from the first draft's beginning to the last one's publication."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.last = 0.0

    def began(self, what: str, which: int | None = None) -> None:
        """Something begins; settling, which comes before the first draft, does not count."""
        if self.first is None and not what.startswith("waiting"):
            self.first = time.perf_counter()

    def say(self, sentence: str) -> None:
        """A draft is published."""
        if sentence.startswith("drafts/"):
            self.last = time.perf_counter()


class Bare:
    """The loop that a good user would write: pipeline, generator, save."""

    def __init__(self, folder: Path) -> None:
        from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

        self._folder = folder
        model = belongings.shipped("models") / "postcard"
        self._pipe = StableDiffusionPipeline.from_pretrained(
            model, safety_checker=None, requires_safety_checker=False
        ).to(environment.dtype("auto", "cpu"))
        scheduler = DPMSolverMultistepScheduler.from_config(self._pipe.scheduler.config)
        self._pipe.scheduler = scheduler
        self._pipe.set_progress_bar_config(disable=True)

    def draft(self, recipe: Recipe, number: int) -> None:
        """Render one draft and save it as PNG."""
        import torch

        image = self._pipe(
            recipe.prompt,
            negative_prompt=recipe.negative_prompt or None,
            width=recipe.width,
            height=recipe.height,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(recipe.seed),
        ).images[0]
        image.save(self._folder / f"{number}.png")


def compare(rounds: int, drafts: int, threads: int) -> None:
    """Print seconds a draft for both loops, round by round, and the ratio."""
    import torch

    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        bare_folder = root / "bare"
        bare_folder.mkdir()
        studio, _ = layout.init(root / "studio")
        studio.settings.write_text("settle_seconds = 0.1\n")
        watch = Stopwatch()
        daemon = Daemon(studio, watch)
        began = time.perf_counter()
        _drop(studio, 1, "warm-up")
        daemon.run(Until(idle=True))
        daemon_start = time.perf_counter() - began
        began = time.perf_counter()
        bare = Bare(bare_folder)
        recipes = [identify(p.read_bytes()).recipe for p in studio.drafts.glob("*.png")]
        bare.draft(recipes[0], 0)
        bare_start = time.perf_counter() - began
        print(
            f"start to first draft: daemon {daemon_start:.2f} s (with all imports and settling), "
            f"then bare {bare_start:.2f} s (imports done already)"
        )
        ratios = []
        for turn in range(rounds):
            known = set(studio.drafts.glob("*.png"))
            watch.first = None
            _drop(studio, drafts, f"round-{turn}")
            daemon.run(Until(idle=True))
            of_daemon = (watch.last - watch.first) / drafts
            made = sorted(set(studio.drafts.glob("*.png")) - known)
            recipes = [identify(path.read_bytes()).recipe for path in made]
            began = time.perf_counter()
            for number, recipe in enumerate(recipes):
                bare.draft(recipe, number)
            of_bare = (time.perf_counter() - began) / drafts
            ratios.append(of_daemon / of_bare)
            print(
                f"round {turn + 1}: daemon {of_daemon:.3f} s a draft, bare {of_bare:.3f} s, "
                f"ratio {ratios[-1]:.3f}"
            )
        daemon.close()
    print(f"daemon / bare, median of {rounds} rounds: {statistics.median(ratios):.3f}")


def _drop(studio: layout.Studio, drafts: int, name: str) -> None:
    text = f'prompt = "{PROMPT}, {name}"\ncount = {drafts}\naspect = "1:1"\n'
    (studio.inbox / f"{name}.toml").write_text(text)


def crowd(count: int) -> None:
    """Print what looks and plans cost in a studio with this many drafts."""
    with tempfile.TemporaryDirectory() as name:
        studio, _ = layout.init(Path(name) / "studio")
        studio.settings.write_text("settle_seconds = 0.05\npause_endless_at = 1000000\n")
        pattern = next(p for p in _pictures() if p.is_file())
        for number in range(count):
            path = studio.drafts / f"{number}.png"
            if number % 1000 == 0:
                shutil.copyfile(pattern, path)
                base = path
            else:
                os.link(base, path)
        (studio.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
        look, ledger = Look(studio), Ledger(studio.ledger)
        first = _timed(look.refresh)
        began, slices = time.perf_counter(), []
        while look.due_in_s() is not None:
            slices.append(_timed(lambda: look.refresh(set())))
        reading = time.perf_counter() - began

        def turn() -> None:
            look.refresh(set())
            next(plan(look.snapshot(), ledger.history, look.owner), None)

        quiet = [_timed(turn) for _ in range(50)]
        news = []
        for number in range(50):
            (studio.drafts / f"new {number}.png").write_bytes(pattern.read_bytes())
            news.append(_timed(lambda n=number: look.refresh({f"drafts/new {n}.png"}) or turn()))
        parts, done = [], False
        while not done:
            began = time.perf_counter()
            done = look.look_on()
            parts.append(time.perf_counter() - began)
        print(f"{count:,} drafts: first look {first * 1e3:.0f} ms")
        print(f"    all read for stars in {reading:.1f} s, {_spread(slices)} at a time")
        print(f"    a turn of the loop {_spread(quiet)}; with a new file {_spread(news)}")
        print(f"    a round through all in {sum(parts) * 1e3:.0f} ms, {_spread(parts)} at a time")


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.2f} ms (worst {max(seconds) * 1e3:.1f})"


def _pictures() -> list[Path]:
    return sorted((Path(__file__).parent.parent / "tests/data/layout").glob("*.png"))


def _timed(call: object) -> float:
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--drafts", type=int, default=6)
    parser.add_argument("--threads", type=int, default=environment.default_threads())
    options = parser.parse_args()
    compare(options.rounds, options.drafts, options.threads)
    for many in (10_000, 100_000):
        crowd(many)
