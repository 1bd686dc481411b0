"""A graphics card in ten minutes: the same bits again, memory, speed, and how soon a pick begins.

    python -m benchmarks.gpu [--device cuda] [--families sd15,sdxl] [--tiny] [--into gpu]

Models have random weights at their true sizes, so nothing is fetched, and pictures are noise.
`--tiny` has the same families with few channels and small pictures: all of it on any CPU, in some
minutes, most of which compiling takes. Writes INTO.json, and INTO.md with its tables.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import hotfolder.render  # noqa: F401 - before torch
from benchmarks.random_models import KINDS, Kind
from hotfolder.errors import RenderError, Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import environment
from hotfolder.render.engine import Engine
from hotfolder.render.memory import memory_plan
from hotfolder.render.memory.memory_plan import GIB
from hotfolder.render.memory.planner import workload_of
from hotfolder.render.models import pipelines

CAP = 7.5 * GIB  # what an 8 GB card leaves
BATCH = 4
MEANS: dict[str, dict[str, Any]] = {  # keys of `[model]` that may make drafts faster
    'dtype = "bfloat16"': {"dtype": "bfloat16"},
    "compile = true": {"compile": True},
    'quantize = "int8"': {"quantize": "int8"},
    'quantize = "fp8"': {"quantize": "fp8"},
    'quantize = "nf4"': {"quantize": "nf4"},
}


ATTENTION = (
    SDPBackend.MATH,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.CUDNN_ATTENTION,
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is drawn: sides in px of drafts and of finals, and steps."""

    draft: tuple[int, int] = (800, 800)
    finals: tuple[tuple[int, int], ...] = ((1000, 1000), (1920, 1080), (3840, 2160))
    steps: int = 20


TINY = Sizes((64, 64), ((80, 80), (128, 96)), 6)


class Bench:
    """Everything that is measured of one model on one device."""

    def __init__(self, kind: Kind, source: Path, device: str, sizes: Sizes) -> None:
        name = source.name
        self.models = {name: Model(source=str(source), batch=BATCH)}
        self.device, self.sizes = device, sizes
        self.draft = Recipe(
            prompt="a castle by a lake",
            seed=7,
            width=sizes.draft[0],
            height=sizes.draft[1],
            multiple=16,
            model=name,
            scheduler=kind.scheduler,
            steps=sizes.steps,
            guidance_scale=kind.guidance,
        )
        self.engine = Engine(self.models, None, device)

    def final(self, sides: tuple[int, int]) -> Recipe:
        """A refinement of the draft."""
        return msgspec.structs.replace(
            self.draft, width=sides[0], height=sides[1], strength=0.5, source=self.draft
        )

    def exactness(self) -> dict[str, bool]:
        """Whether a draft comes out with the same bits in each of the ways that happen."""
        first = self.engine.render(self.draft)
        wanted = pixel_hash(first.image)
        final = self.final(self.sizes.finals[0])

        def refine(step: int, steps: int) -> None:
            if step == 2:
                self.engine.render(final, first.image)

        def stop(step: int, steps: int) -> None:
            if step == 2:
                raise Stopped

        preempted = self.engine.render(self.draft, on_step=refine)
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.safetensors"
            with contextlib.suppress(Stopped):
                self.engine.render(self.draft, on_step=stop, resume=state)
            resumed = self.engine.render(self.draft, resume=state)
        drafts = [msgspec.structs.replace(self.draft, seed=seed) for seed in range(BATCH)]
        together = self.engine.render_batch(drafts)
        alone = {
            at: self.engine.render(drafts[at], plan=made.facts.memory_plan)
            for at, made in together.items()
        }
        same = {
            "made twice": pixel_hash(self.engine.render(self.draft).image) == wanted,
            "preempted by a refinement": pixel_hash(preempted.image) == wanted,
            "stopped, saved and resumed": pixel_hash(resumed.image) == wanted,
        }
        if len(together) > 1:
            same[f"{len(together)} together, then alone"] = all(
                pixel_hash(together[at].image) == pixel_hash(made.image)
                for at, made in alone.items()
            )
        return same

    def memory(self) -> list[dict[str, Any]]:
        """Peak of each size with the allocator held to what an 8 GB card leaves."""
        self.engine.unload()
        capped = Engine(self.models, None, self.device, memory_bytes=int(CAP))
        rows = []
        source = self.engine.render(self.draft).image
        self.engine.unload()
        with _allocator_capped(self.device):
            for recipe in (self.draft, *map(self.final, self.sizes.finals)):
                _reset_peak(self.device)
                row: dict[str, Any] = {"sides": f"{recipe.width}x{recipe.height}"}
                try:
                    made = capped.render(recipe, source if recipe.source else None)
                    row |= {"plan": made.facts.memory_plan, "seconds": made.facts.seconds}
                    plan = memory_plan.parse(made.facts.memory_plan)
                    taken, on_cpu = capped.load(recipe.model).footprint, self.device == "cpu"
                    peak = memory_plan.peak_bytes(plan, taken, workload_of(recipe), on_cpu)
                    row["counted_gib"] = round(peak / GIB, 2)
                except RenderError as error:
                    row["says"] = str(error)
                rows.append(row | {"peak_gib": _peak_gib(self.device)})
        capped.unload()
        return rows

    def speed(self, rounds: int = 3) -> dict[str, float]:
        """Drafts a minute: by diffusers alone, by hotfolder, and in batches. They take turns."""
        pipe = self.engine.load(self.draft.model).pipe
        width, height = self.sizes.draft
        drafts = [msgspec.structs.replace(self.draft, seed=seed) for seed in range(BATCH)]

        def bare() -> int:
            generator = torch.Generator("cpu").manual_seed(7)
            pipe(
                prompt=self.draft.prompt,
                width=width,
                height=height,
                num_inference_steps=self.sizes.steps,
                guidance_scale=self.draft.guidance_scale,
                generator=generator,
            )
            return 1

        def ours() -> int:
            self.engine.render(self.draft)
            return 1

        def batch() -> int:
            return len(self.engine.render_batch(drafts))

        ways: dict[str, Callable[[], int]] = {"diffusers alone": bare, "hotfolder": ours}
        if pipelines.family(pipe).reads_clip:  # the others are drawn one by one
            ways[f"hotfolder, batch = {BATCH}"] = batch
        pipe.set_progress_bar_config(disable=True)
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds + 1):
            for way, draw in ways.items():
                began = time.perf_counter()
                drawn = draw()
                _synchronize(self.device)
                if number:  # the first warms up
                    seconds[way].append((time.perf_counter() - began) / drawn)
        return {way: 60 / statistics.median(each) for way, each in seconds.items()}

    def means(self, rounds: int = 3) -> list[dict[str, Any]]:
        """What each key and attention of torch's gives, and its price: other bits, how far off.

        `off` is the mean difference from the plain draft, in levels of 255; of a random model it
        compares keys with each other, and says nothing of a trained one.
        """
        name, plain = self.draft.model, self.models[self.draft.model]
        guessing = pipelines.family(self.engine.load(name).pipe).step_caches
        keys_of = {"plain": {}, **MEANS}
        keys_of |= {f'step_cache = "{one}"': {"step_cache": one} for one in guessing}
        ways: list[tuple[str, dict[str, Any], Callable[[], Any]]] = [
            (says, keys, contextlib.nullcontext) for says, keys in keys_of.items()
        ]
        ways += [
            (f"attention: {one.name}", {}, functools.partial(sdpa_kernel, one)) for one in ATTENTION
        ]
        wanted = np.asarray(self.engine.render(self.draft).image, np.int16)
        self.engine.unload()
        rows = []
        for says, keys, around in ways:
            model = msgspec.structs.replace(plain, **keys)
            engine = Engine({name: model}, None, self.device)
            row: dict[str, Any] = {"key": says}
            try:
                seconds, drawn = [], []
                for _ in range(rounds + 1):
                    began = time.perf_counter()
                    with around():
                        drawn.append(engine.render(self.draft).image)
                    _synchronize(self.device)
                    seconds.append(time.perf_counter() - began)
                once = statistics.median(seconds[1:])
                row["first_seconds"] = seconds[0]  # with reading the model, and compiling
                row["drafts_per_minute"] = 60 / once
                row["same_again"] = len({pixel_hash(image) for image in drawn}) == 1
                row["off"] = float(np.abs(np.asarray(drawn[0], np.int16) - wanted).mean())
            except (RenderError, RuntimeError) as error:
                missing = "No viable backend" in str(error) or "No available kernel" in str(error)
                row["says"] = "not on this device" if missing else str(error).splitlines()[0]
            engine.unload()
            rows.append(row)
        return rows

    def pick(self) -> float:
        """Seconds from a pick amid a draft's step until a step of its refinement is done."""
        source = self.engine.render(self.draft).image
        final = self.final(self.sizes.finals[0])
        began, waits = 0.0, []

        def first(step: int, steps: int) -> None:
            if step == 1:
                waits.append(time.perf_counter() - began)

        def refine(step: int, steps: int) -> None:
            nonlocal began
            if step == 1:
                began = time.perf_counter()  # the worst: the step has just begun
            elif step == 2:
                self.engine.render(final, source, on_step=first)

        self.engine.render(self.draft, on_step=refine)
        return waits[0]


def _synchronize(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _reset_peak(device: str) -> None:
    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _peak_gib(device: str) -> float | None:
    """What torch's allocator held at most; None where it does not count."""
    if not device.startswith("cuda"):
        return None
    return round(torch.cuda.max_memory_reserved(device) / GIB, 2)


@contextlib.contextmanager
def _allocator_capped(device: str) -> Any:
    if not device.startswith("cuda"):
        yield
        return
    number = torch.device(device).index or 0
    total = torch.cuda.get_device_properties(number).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, CAP / total), number)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, number)


def _of_means(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The table of keys that may be faster."""
    yield "| Key of `[model]`, or attention | drafts a minute | first one | again | off by |"
    yield "|---|---|---|---|---|"
    for row in rows:
        if "says" in row:
            yield f"| `{row['key']}` | {row['says']} | | | |"
            continue
        again = "the same bits" if row["same_again"] else "OTHER BITS"
        figures = f"{row['drafts_per_minute']:.1f} | {row['first_seconds']:.1f} s"
        yield f"| `{row['key']}` | {figures} | {again} | {row['off']:.1f} |"


def tables(measured: dict[str, Any]) -> str:
    """The same as Markdown."""
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    lines = [f"# {measured['device']}", "", versions, ""]
    for family, found in measured["families"].items():
        lines += [f"## {family}", ""]
        lines += [f"- {how}: {'the same bits' if same else 'OTHER BITS'}"
                  for how, same in found["exactness"].items()]  # fmt: skip
        lines += [f"- a pick amid a step is refined after {found['pick_seconds']:.2f} s", ""]
        lines += ["| | drafts a minute |", "|---|---|"]
        lines += [f"| {way} | {rate:.1f} |" for way, rate in found["drafts_per_minute"].items()]
        lines += ["", *_of_means(found["means"])]
        lines += [
            "",
            "| Size | peak, GiB | counted, GiB | seconds | plan |",
            "|---|---|---|---|---|",
        ]
        for row in found["memory"]:
            cells = (row["peak_gib"], row.get("counted_gib"), row.get("seconds"))
            shown = " | ".join("" if cell is None else f"{cell:.2f}" for cell in cells)
            lines.append(f"| {row['sides']} | {shown} | {row.get('plan') or row['says']} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Measure, and write it down family by family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default=environment.best_device())
    parser.add_argument("--families", default="sd15,sdxl")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--into", type=Path, default=Path("gpu"))
    options = parser.parse_args()
    measured: dict[str, Any] = {
        "device": environment.device_name(options.device),
        "versions": environment.versions(),
        "families": {},
    }
    for family in options.families.split(","):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            source = Path(folder) / family
            KINDS[family].make(source, options.tiny)
            bench = Bench(KINDS[family], source, options.device, TINY if options.tiny else Sizes())
            found: dict[str, Any] = {}
            for name, measure in (
                ("exactness", bench.exactness),
                ("pick_seconds", bench.pick),
                ("drafts_per_minute", bench.speed),
                ("means", bench.means),
                ("memory", bench.memory),
            ):
                began = time.perf_counter()
                found[name] = measure()
                print(f"{family}: {name}, {time.perf_counter() - began:.0f} s", flush=True)
            measured["families"][family] = found
            bench.engine.unload()
        options.into.with_suffix(".json").write_text(json.dumps(measured, indent=1), "utf-8")
        options.into.with_suffix(".md").write_text(tables(measured), "utf-8")
    print(tables(measured))


if __name__ == "__main__":
    main()
