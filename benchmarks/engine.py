"""What rendering costs around the model: against a bare diffusers loop, and until a pick's turn.

    python benchmarks/engine.py                  # the model that comes along
    python benchmarks/engine.py --model sd15     # the size of Stable Diffusion 1.5, random weights

Throughput: the daemon with its planning, embedding, hashing and publishing, against a loop that a
good user would write and that only saves PNGs; the same weights in memory, the same recipes, in
turn. The daemon runs as it is, and with publishing between the pictures instead of beside them.

Start: a new process that makes one draft of a file that lies there, until it has ended.

Latency: the machine is full of drafts. From the moment a picked picture has settled until its
refinement's render begins, and until its first denoising step begins.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hotfolder.render  # noqa: F401 - before torch: it keeps torch's threads from spinning

# isort: split
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

from benchmarks import sd15
from hotfolder.daemon import Daemon, Until
from hotfolder.executors.inside import Inside
from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine, Rendered
from hotfolder.report.progress import Lines
from hotfolder.studio import layout
from hotfolder.studio.identity import identify

PROMPT = "a castle by a lake at sunset, mountains"
SETTLE_S = 0.2
SMALL = """\
scheduler = "DPM++ 2M SDE"
steps = {steps}
guidance_scale = 3.5
[model]
source = "{source}"
name = "model"
multiple = 16
[draft]
area = "{area}"
aspect = "1:1"
[refine]
area = "{area}"
count = 1
"""


class Watched(Engine):
    """An engine that notes when refinements begin, and their first denoising steps."""

    began_at: float | None = None
    stepped_at: float | None = None

    def render(self, recipe: Recipe, *more: Any, **named: Any) -> Rendered:
        """As an engine does."""
        if recipe.source is not None:
            self.began_at, self.stepped_at = time.perf_counter(), None
        return super().render(recipe, *more, **named)

    def watch(self) -> None:
        """Be told of each call of the denoiser."""

        def denoises(*_: Any) -> None:
            if self.began_at is not None and self.stepped_at is None:
                self.stepped_at = time.perf_counter()

        self.load("model").pipe.unet.register_forward_pre_hook(denoises)


class Stopwatch(Lines):
    """Notes when drafts begin and step, and when pictures are published."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.first: float | None = None
        self.steps: list[tuple[int | None, int, float]] = []
        self.said: list[tuple[str, float]] = []

    def began(self, what: str, which: int | None = None) -> None:
        """Settling, which comes before the first draft, does not count."""
        if self.first is None and which is not None:
            self.first = time.perf_counter()

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """A draft or a refinement has taken a step."""
        self.steps.append((which, step, time.perf_counter()))

    def say(self, sentence: str) -> None:
        """A picture is published, or something else has happened."""
        self.said.append((sentence.partition("/")[0], time.perf_counter()))

    def published(self, room: str) -> list[float]:
        """When pictures appeared in a room."""
        return [at for where, at in self.said if where == room]


class Bare:
    """The loop that a good user would write: pipeline, generator, save."""

    def __init__(self, modules: Any, folder: Path) -> None:
        self._folder = folder
        scheduler = DPMSolverMultistepScheduler.from_config(
            modules.scheduler.config, algorithm_type="sde-dpmsolver++"
        )
        parts = {**modules.components, "scheduler": scheduler}
        self._pipe = StableDiffusionPipeline(**parts, requires_safety_checker=False)
        self._pipe.set_progress_bar_config(disable=True)

    def drafts(self, recipes: list[Recipe]) -> float:
        """Render and save them all as PNG; seconds for each."""
        began = time.perf_counter()
        for number, recipe in enumerate(recipes):
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
        return (time.perf_counter() - began) / len(recipes)


class Inline(ThreadPoolExecutor):
    """Does at once, in the thread that asks, what the press does beside the next render."""

    def submit(self, call: Any, /, *given: Any, **named: Any) -> Future[Any]:
        """The outcome of a call that is over."""
        outcome: Future[Any] = Future()
        outcome.set_result(call(*given, **named))
        return outcome


class Bench:
    """A studio, its daemon, and the engine that the daemon shares with the bare loop."""

    def __init__(self, root: Path, source: str, steps: int, area: str, threads: int) -> None:
        self.studio, _ = layout.init(root / "studio")
        self.studio.settings.write_text(
            f'profile = "bench"\nsettle_seconds = {SETTLE_S}\npause_endless_at = 1000000\n'
        )
        profile = SMALL.format(source=source, steps=steps, area=area)
        (self.studio.profiles / "bench.toml").write_text(profile)
        self.steps = steps
        self.watch = Stopwatch()
        self.engine = Watched({"model": Model(source=source, name="model")}, None, "cpu", threads)
        self.engine.watch()
        self.daemon = Daemon(
            self.studio,
            self.watch,
            executor=lambda settings, base, hear: Inside(hear, lambda models: self.engine),
        )
        bare = root / "bare"
        bare.mkdir()
        self.bare = Bare(self.engine.load("model").pipe, bare)

    def drafts(self, name: str, count: int) -> tuple[float, list[Recipe]]:
        """Let the daemon make drafts of one file; seconds for each, and their recipes."""
        known = set(self.studio.drafts.glob("*.png"))
        self.watch.reset()
        text = f'prompt = "{PROMPT}, {name}"\ncount = {count}\n'
        (self.studio.inbox / f"{name}.toml").write_text(text)
        self.daemon.run(Until(idle=True))
        assert self.watch.first is not None
        seconds = self.watch.published("drafts")[-1] - self.watch.first
        made = sorted(set(self.studio.drafts.glob("*.png")) - known)
        return seconds / count, [_recipe(path) for path in made]


def throughput(bench: Bench, rounds: int, drafts: int) -> None:
    """Print seconds a draft of the bare loop and of the daemon, round by round, and the ratios."""
    press, inline = bench.daemon._renders._press, Inline(1)
    bench.drafts("warm-up", 1)
    beside, between = [], []
    for turn in range(rounds):
        bench.daemon._renders._press = press
        with_overlap, recipes = bench.drafts(f"beside-{turn}", drafts)
        bare = bench.bare.drafts(recipes)
        bench.daemon._renders._press = inline
        without, _ = bench.drafts(f"between-{turn}", drafts)
        beside.append(bare / with_overlap)
        between.append(bare / without)
        print(
            f"round {turn + 1}: bare {bare:.3f} s a draft, daemon {with_overlap:.3f} s, "
            f"without overlap {without:.3f} s"
        )
    bench.daemon._renders._press = press
    print(f"drafts of the daemon for each of the bare loop, median of {rounds} rounds:")
    print(f"    {_spread(beside, 1, '')} with overlap, {_spread(between, 1, '')} without")


def start(root: Path) -> None:
    """Print how long a new process takes for one draft, with the model that comes along."""
    studio, _ = layout.init(root / "start")
    studio.settings.write_text(f"settle_seconds = {SETTLE_S}\n")
    took = []
    for number in range(3):
        text = f'prompt = "{PROMPT}"\ncount = 1\nseed = {number}\n'
        (studio.inbox / f"{number}.toml").write_text(text)
        began = time.perf_counter()
        command = [sys.executable, "-m", "hotfolder", "run", "--once", str(studio.root)]
        subprocess.run(command, check=True)
        took.append(time.perf_counter() - began)
    print(f"from a process's start to its end, with one draft: {_spread(took)}")


def latency(bench: Bench, picks: int) -> None:
    """Print how long picked pictures wait while drafts are made without end."""
    chance = random.Random(1)
    bench.drafts("to-pick", picks)
    drafts = sorted(bench.studio.drafts.glob("*.png"))[-picks:]
    bench.watch.reset()
    begins, steps_begin, queued = [], [], []
    with _running(bench):
        text = f'prompt = "{PROMPT}"\ncount = "endless"\n'
        (bench.studio.inbox / "endless.toml").write_text(text)
        _until(lambda: len(bench.watch.published("drafts")) >= 2)
        a_draft = statistics.median(_differences(bench.watch.published("drafts")))
        for number, draft in enumerate(drafts):
            time.sleep(chance.uniform(0, a_draft))
            os.link(draft, bench.studio.seeds / draft.name)
            settled = time.perf_counter() + SETTLE_S
            _until(lambda n=number: len(bench.watch.published("final")) > n)
            assert bench.engine.began_at and bench.engine.stepped_at
            begins.append(bench.engine.began_at - settled)
            steps_begin.append(bench.engine.stepped_at - settled)
            done = [step for _, step, at in bench.watch.steps if at < settled][-1]
            queued.append(a_draft * (1 - done / bench.steps))
    a_step = [
        later - at
        for (which, step, at), (w, s, later) in itertools.pairwise(bench.watch.steps)
        if (w, s) == (which, step + 1)
    ]
    print(f"of {picks} picks while drafts are made (a draft {a_draft * 1e3:.0f} ms):")
    print(f"    a step of a draft             {_spread(a_step)}")
    print(f"    until the render begins       {_spread(begins)}")
    print(f"    until its first step begins   {_spread(steps_begin)} (prompt and source encoded)")
    print(f"    behind the draft, at the best {_spread(queued)}")


@contextmanager
def _running(bench: Bench) -> Iterator[None]:
    thread = threading.Thread(target=bench.daemon.run, args=(Until(),))
    thread.start()
    yield
    bench.daemon.stop()
    thread.join()


def _recipe(path: Path) -> Recipe:
    recipe = identify(path.read_bytes()).recipe
    assert recipe is not None
    return recipe


def _until(condition: Any) -> None:
    while not condition():
        time.sleep(0.002)


def _differences(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def _spread(values: list[float], scale: float = 1e3, unit: str = " ms") -> str:
    digits = 0 if unit else 3
    low, high = (f"{scale * edge:.{digits}f}" for edge in (min(values), max(values)))
    return f"{scale * statistics.median(values):.{digits}f}{unit} ({low} to {high})"


def main(options: argparse.Namespace) -> None:
    """Measure one model."""
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        if options.model == "sd15":
            source = str(sd15.made(root / "sd15"))
        else:
            source = f"shipped:{options.model}"
        bench = Bench(root, source, options.steps, options.area, options.threads)
        print(f"{options.model}, {options.area}, {options.steps} steps, {options.threads} threads")
        if options.model == "postcard":
            start(root)
        throughput(bench, options.rounds, options.drafts)
        latency(bench, options.picks)
        bench.daemon.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="postcard", choices=["postcard", "sd15"])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--area")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--drafts", type=int, default=6)
    parser.add_argument("--picks", type=int, default=12)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    chosen.steps = chosen.steps or (12 if chosen.model == "postcard" else 4)
    chosen.area = chosen.area or ("256x256" if chosen.model == "postcard" else "128x128")
    main(chosen)
