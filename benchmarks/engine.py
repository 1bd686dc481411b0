"""What rendering costs around the model: against a bare diffusers loop, and until a pick's turn.

    python benchmarks/engine.py                  # the model that is included
    python benchmarks/engine.py --model sd15     # the size of Stable Diffusion 1.5, random weights
    python benchmarks/engine.py --batch 4        # drafts drawn four at a time

Throughput: the daemon with its planning, embedding, hashing and publishing, against a loop that a
good user would write and that only saves PNGs (`bare.py`); the same recipes, in turn. The loop runs
in a process of its own, as it would, and once more in one that is "tuned": with the daemon's
settings of torch's threads and of the allocator. The daemon runs as it is, and with publishing
between the pictures instead of beside them.

Start: a new process that makes one draft of a file that lies there, until it has ended.

Latency: the machine is full of drafts. From the moment a draft is moved to seeds/ until its
refinement's render begins, and until its first denoising step begins: at most one step of the draft
that is being made and 100 ms more.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hotfolder.render  # noqa: F401 - before torch: it keeps torch's threads from spinning

# isort: split
import torch

from benchmarks import sd15
from hotfolder.daemon import Daemon, Until
from hotfolder.executors.inside import Inside
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import weights
from hotfolder.render.rendered import Rendered
from hotfolder.report.progress import Lines
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify

Moment = tuple[float, float]  # seconds, and processor seconds of this process
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
batch = {batch}
[draft]
area = "{area}"
aspect = "1:1"
[refine]
area = "{area}"
count = 1
"""


TUNED = {  # what `hotfolder.render` sets at its import, as glibc and libgomp read it
    "GOMP_SPINCOUNT": os.environ["GOMP_SPINCOUNT"],
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
}


class Watched(Engine):
    """An engine that notes when refinements begin, and their first denoising steps."""

    began_at: float | None = None
    stepped_at: float | None = None

    def render_batch(self, recipes: Sequence[Recipe], *more: Any) -> dict[int, Rendered]:
        """As an engine does."""
        if recipes[0].source is not None:
            self.began_at, self.stepped_at = time.perf_counter(), None
        return super().render_batch(recipes, *more)

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
        self.first: Moment | None = None
        self.last: Moment = (0.0, 0.0)
        self.steps: list[tuple[int | None, int, float]] = []
        self.said: list[tuple[str, float]] = []

    def began(self, what: str, which: int | None = None) -> None:
        """Settling, which comes before the first draft, does not count."""
        if self.first is None and which is not None:
            self.first = _now()

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """A draft or a refinement has taken a step."""
        self.steps.append((which, step, time.perf_counter()))

    def say(self, sentence: str) -> None:
        """A picture is published, or something else has happened."""
        room = sentence.partition("/")[0]
        self.said.append((room, time.perf_counter()))
        if room == "drafts":
            self.last = _now()

    def next_step(self, at: float) -> float:
        """When the first step after a moment ended; that moment, if none did."""
        return next((ended for _, _, ended in self.steps if ended >= at), at)

    def published(self, room: str) -> list[float]:
        """When pictures appeared in a room."""
        return [at for where, at in self.said if where == room]


class Loop:
    """The bare loop in a process of its own, with torch's and the system's own settings or ours."""

    def __init__(self, model: Path, folder: Path, tuned: bool) -> None:
        script = Path(__file__).with_name("bare.py")
        environment = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"}
        environment |= TUNED if tuned else {}
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(model), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # bars of progress
            env=environment,
            text=True,
        )

    def drafts(self, wanted: list[dict[str, Any]]) -> tuple[float, float]:
        """As `bare.Bare.drafts` does."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        seconds, work = json.loads(self._process.stdout.readline())
        return seconds, work

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Inline(ThreadPoolExecutor):
    """Does at once, in the thread that asks, what the press does beside the next render."""

    def submit(self, call: Any, /, *given: Any, **named: Any) -> Future[Any]:
        """The outcome of a call that is over."""
        outcome: Future[Any] = Future()
        outcome.set_result(call(*given, **named))
        return outcome


class Bench:
    """A studio, its daemon and engine, and the bare loops beside it."""

    def __init__(self, root: Path, source: str, options: argparse.Namespace) -> None:
        self.studio, _ = create(root / "studio")
        self.studio.settings.write_text(
            f'profile = "bench"\nsettle_seconds = {SETTLE_S}\npause_endless_at = 1000000\n'
        )
        profile = SMALL.format(
            source=source, steps=options.steps, area=options.area, batch=options.batch
        )
        (self.studio.profiles / "bench.toml").write_text(profile)
        self.steps = options.steps
        self.watch = Stopwatch()
        models = {"model": Model(source=source, name="model", batch=options.batch)}
        self.engine = Watched(models, None, "cpu", options.threads)
        with ThreadPoolExecutor(1) as reader:  # two threads that have computed slow each other down
            reader.submit(self.engine.watch).result()
        self.daemon = Daemon(
            self.studio,
            self.watch,
            executor=lambda settings, base, on_report: Inside(
                on_report, lambda models: self.engine
            ),
        )
        bare = root / "bare"
        bare.mkdir()
        path = weights.locate(Model(source=source), None)
        self.loop, self.tuned = Loop(path, bare, tuned=False), Loop(path, bare, tuned=True)

    def close(self) -> None:
        """End all that runs."""
        self.loop.close()
        self.tuned.close()
        self.daemon.close()

    def drafts(self, name: str, count: int) -> tuple[float, float, list[Recipe]]:
        """Let the daemon make drafts of one file.

        Returns seconds and processor seconds for each, and their recipes.
        """
        known = set(self.studio.drafts.glob("*.png"))
        self.watch.reset()
        text = f'prompt = "{PROMPT}, {name}"\ncount = {count}\n'
        (self.studio.inbox / f"{name}.toml").write_text(text)
        self.daemon.run(Until(idle=True))
        assert self.watch.first
        (began, worked), (ended, had_worked) = self.watch.first, self.watch.last
        made = sorted(set(self.studio.drafts.glob("*.png")) - known)
        recipes = [_recipe(path) for path in made]
        return (ended - began) / count, (had_worked - worked) / count, recipes


def throughput(bench: Bench, rounds: int, drafts: int) -> None:
    """Print seconds a draft of the bare loop and of the daemon, round by round, and the ratios."""
    press, inline = bench.daemon._renders._press._thread, Inline(1)
    _, _, recipes = bench.drafts("warm-up", 1)
    for loop in (bench.loop, bench.tuned):
        loop.drafts([_arguments(recipe) for recipe in recipes])
    ways: dict[str, list[Moment]] = {"as it is": [], "between": [], "loop": [], "tuned": []}
    for turn in range(rounds):
        bench.daemon._renders._press._thread = press
        *beside, recipes = bench.drafts(f"beside-{turn}", drafts)
        wanted = [_arguments(recipe) for recipe in recipes]
        alone, tuned = bench.loop.drafts(wanted), bench.tuned.drafts(wanted)
        bench.daemon._renders._press._thread = inline
        *between, _ = bench.drafts(f"between-{turn}", drafts)
        for way, moment in zip(ways, (beside, between, alone, tuned), strict=True):
            ways[way].append((moment[0], moment[1]))
        said = (f"{way} {at[-1][0]:.3f} ({at[-1][1]:.3f})" for way, at in ways.items())
        print(f"round {turn + 1}: seconds a draft (of a processor): {', '.join(said)}", flush=True)
    bench.daemon._renders._press._thread = press
    print(f"drafts of the daemon for each of the bare loop, median of {rounds} rounds:")
    for ours in ("as it is", "between"):
        for bare in ("loop", "tuned"):
            pairs = list(zip(ways[bare], ways[ours], strict=True))
            seconds, work = ([b[at] / a[at] for b, a in pairs] for at in (0, 1))
            print(f"    {ours:9} / {bare:6} {_spread(seconds, 1, '')}, work {_spread(work, 1, '')}")


def start(root: Path) -> None:
    """Print how long a new process takes for one draft, with the model that is included."""
    studio, _ = create(root / "start")
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
    begins, steps_begin, beyond, queued = [], [], [], []
    with _running(bench):
        text = f'prompt = "{PROMPT}"\ncount = "endless"\n'
        (bench.studio.inbox / "endless.toml").write_text(text)
        _until(lambda: len(bench.watch.published("drafts")) >= 2)
        a_draft = statistics.median(_differences(bench.watch.published("drafts")))
        for number, draft in enumerate(drafts):
            time.sleep(chance.uniform(0, a_draft))
            moved = time.perf_counter()
            draft.rename(bench.studio.seeds / draft.name)
            _until(lambda n=number: len(bench.watch.published("final")) > n)
            assert bench.engine.began_at and bench.engine.stepped_at
            begins.append(bench.engine.began_at - moved)
            steps_begin.append(bench.engine.stepped_at - moved)
            # What is being computed as the draft is moved ends before anything else begins.
            beyond.append(bench.engine.stepped_at - bench.watch.next_step(moved))
            done = [step for _, step, at in bench.watch.steps if at < moved][-1]
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
    print(f"    after the step that was running {_spread(beyond)} (at most 100 ms wanted)")
    print(f"    behind the draft, at the best {_spread(queued)}")


@contextmanager
def _running(bench: Bench) -> Iterator[None]:
    thread = threading.Thread(target=bench.daemon.run, args=(Until(),))
    thread.start()
    yield
    bench.daemon.stop()
    thread.join()


def _now() -> Moment:
    return time.perf_counter(), time.process_time()


def _arguments(recipe: Recipe) -> dict[str, Any]:
    """What the bare loop is asked for."""
    return {
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt or None,
        "width": recipe.width,
        "height": recipe.height,
        "num_inference_steps": recipe.steps,
        "guidance_scale": recipe.guidance_scale,
        "seed": recipe.seed,
    }


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
        bench = Bench(root, source, options)
        print(f"{options.model}, {options.area}, {options.steps} steps, {options.threads} threads")
        print(f"drafts are drawn {options.batch} at a time")
        if options.model == "postcard" and options.batch == 1:
            start(root)
        throughput(bench, options.rounds, options.drafts)
        if options.picks:
            latency(bench, options.picks)
        bench.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="postcard", choices=["postcard", "sd15"])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--area")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--drafts", type=int, default=6)
    parser.add_argument("--batch", type=int, default=1, help="drafts drawn at a time")
    parser.add_argument("--picks", type=int, default=12)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    chosen.steps = chosen.steps or (12 if chosen.model == "postcard" else 4)
    chosen.area = chosen.area or ("256x256" if chosen.model == "postcard" else "128x128")
    main(chosen)
