"""Large pictures: whether their cost grows with their pixels, and whether windows leave seams.

    python benchmarks/large.py work         operations a megapixel of SD 1.5 and SDXL, counted
    python benchmarks/large.py seconds      CPU seconds a megapixel of the model that is included
    python benchmarks/large.py seams DIR    windowed against whole pictures, which are kept in DIR

Operations and seconds are of refinements of 0.64, 1, 2 and 8 megapixels, by the plans that
hotfolder chooses for them.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from benchmarks import counted
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.memory import grid, memory_plan
from hotfolder.render.memory.memory_plan import GIB, Budget, Plan, Windows, Workload

SIZES = ((1072, 608), (1344, 752), (1920, 1088), (3840, 2160))
SHAPES = ((1936, 1088), (1456, 1456), (848, 2544))  # just above what is rendered whole
POSTCARD = {"postcard": Model(source="shipped:postcard", multiple=16)}
ROOMY = Budget(80 * GIB, 80 * GIB)
CARD = Budget(int(7.5 * GIB), 32 * GIB)
STEPS = 15  # thirty at a strength of a half
CELL_PX = 16  # of the latents of the model that is included


def work() -> None:
    """Print operations a megapixel; each size by the plans for a roomy and for a small card."""
    import diffusers

    diffusers.utils.logging.set_verbosity_error()
    for layout in ("sd15", "sdxl"):
        taken = counted.taken(layout)
        for budget in (ROOMY, CARD):
            each = []
            for sides in SIZES:
                plan = memory_plan.choose(taken, budget, Workload(sides, img2img=True, guided=True))
                assert plan is not None
                done = counted.work(layout, plan, sides, STEPS)
                each.append(done / (sides[0] * sides[1]) / 1e6)
                says = f"{sides[0]:4}x{sides[1]:<4} {each[-1]:6.1f} T a megapixel"
                print(f"{layout:5} {says}  {plan}", flush=True)
            within = budget.device_bytes / GIB
            print(f"{layout:5} largest by smallest, {within:.1f} GiB: {max(each) / min(each):.2f}")


def seconds(rounds: int) -> None:
    """Print CPU seconds a megapixel; CPU time of one thread, so other programs hardly matter."""
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    source = Image.new("RGB", (320, 180), "teal")
    engine.render(final(256, 256, steps=2), source)
    spent: dict[tuple[int, int], list[float]] = {}
    for _ in range(rounds):
        for sides in SIZES:
            began = time.process_time()
            plan = engine.render(final(*sides), source).facts.memory_plan
            spent.setdefault(sides, []).append(time.process_time() - began)
            print(sides, plan, f"{spent[sides][-1]:.1f} s", flush=True)
    each = {}
    for (width, height), runs in spent.items():
        each[width, height] = min(runs) / (width * height / 1e6)
        print(f"{width}x{height}: {each[width, height]:.2f} s a megapixel")
    print(f"largest by smallest: {max(each.values()) / min(each.values()):.2f}")


def seams(folder: Path) -> None:
    """Compare windowed and tiled with whole finals of the same recipes, where windows meet.

    *Edge*: how much two px differ that lie side by side across the line on which a window begins
    or ends, by the same on all lines of the picture. *Tone*: how much the strips before and after
    an overlap differ, each as wide as it, by the same around all lines; this sees what was smoothed
    over the overlap. A whole picture has no windows: its numbers, at the same places, say what the
    picture itself does there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(POSTCARD, None, device="cpu")
    taken = engine.load("postcard").footprint
    subjects = ("a castle by a lake at sunset, mountains", "a sailing boat at night, stars")
    print("                             edge         tone, at the borders by everywhere")
    print("                     of   apart whole  apart whole")
    for sides in SHAPES:
        plan = memory_plan.choose(taken, ROOMY, Workload(sides, img2img=True, guided=True))
        assert plan is not None and plan.windows and plan.tiles
        for number, prompt in enumerate(subjects):
            draft = _draft(_aspect(sides), prompt, number)
            source = engine.render(draft).image
            recipe = _refinement(draft, sides)
            whole = engine.render(recipe, source, plan="resident").image
            apart = {"windows": Plan(windows=plan.windows), "tiles": Plan(tiles=plan.tiles)}
            name = f"{sides[0]}x{sides[1]}-{number}"
            whole.save(folder / f"{name}-whole.png")
            for kind, alone in apart.items():
                image = engine.render(recipe, source, plan=str(alone)).image
                image.save(folder / f"{name}-{kind}.png")
                windows = alone.windows or alone.tiles
                assert windows is not None
                (edge, tone), (edge_whole, tone_whole) = (
                    _seam(image, windows),
                    _seam(whole, windows),
                )
                print(
                    f"{name:13} {kind:>9}   {edge:5.2f} {edge_whole:5.2f}  "
                    f"{tone:5.2f} {tone_whole:5.2f}   {alone}",
                    flush=True,
                )


def _seam(image: Image.Image, windows: Windows) -> tuple[float, float]:
    """(edge, tone): how much more the picture changes where windows meet; 1 is no more."""
    numbers = np.asarray(image, dtype=np.float64)
    edges, tones = [], []
    for axis, window in enumerate((windows.height, windows.width)):
        lines = np.moveaxis(numbers, axis, 0)
        cells = len(lines) // CELL_PX, window // CELL_PX, windows.overlap // CELL_PX
        starts = [CELL_PX * start for start in grid.starts(*cells)]
        if len(starts) == 1:
            continue
        borders = starts[1:] + [start + window for start in starts[:-1]]
        between = [(a + window + b) // 2 for a, b in itertools.pairwise(starts)]
        steps = np.abs(np.diff(lines, axis=0)).mean(axis=(1, 2))
        edges.append(steps[np.array(borders) - 1].mean() / steps.mean())
        wide = windows.overlap
        sums = np.concatenate([np.zeros_like(lines[:1]), lines.cumsum(axis=0)])
        strips = (sums[wide:] - sums[:-wide]) / wide  # [n]: the mean of the lines n to n + wide
        changes = np.abs(strips[2 * wide :] - strips[: -2 * wide]).mean(axis=(1, 2))
        first = wide + wide // 2  # the line that changes[0] is about
        tones.append(changes[np.array(between) - first].mean() / changes.mean())
    return float(np.mean(edges)), float(np.mean(tones))


def final(width: int, height: int, steps: int = 12) -> Recipe:
    """A final of the model that is included."""
    draft = _draft((256, 256), "a castle by a lake at sunset, mountains", 7)
    return _refinement(draft, (width, height), steps)


def _draft(sides: tuple[int, int], prompt: str, seed: int) -> Recipe:
    return Recipe(
        prompt=prompt,
        seed=seed,
        width=sides[0],
        height=sides[1],
        multiple=16,
        model="postcard",
        scheduler="DPM++ 2M SDE",
        steps=12,
        guidance_scale=3.5,
    )


def _refinement(draft: Recipe, sides: tuple[int, int], steps: int = 12) -> Recipe:
    width, height = sides
    return msgspec.structs.replace(
        draft, width=width, height=height, steps=steps, strength=0.5, source=draft
    )


def _aspect(sides: tuple[int, int]) -> tuple[int, int]:
    """The sides of a draft of this shape, as large as the model learned."""
    scale = 256 / (sides[0] * sides[1]) ** 0.5
    width, height = (round(side * scale / CELL_PX) * CELL_PX for side in sides)
    return width, height


def main() -> None:
    """Run the part that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(dest="what", required=True)
    parts.add_parser("work")
    parts.add_parser("seconds").add_argument("rounds", type=int, nargs="?", default=2)
    parts.add_parser("seams").add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.what == "work":
        work()
    elif options.what == "seconds":
        seconds(options.rounds)
    else:
        seams(options.folder)


if __name__ == "__main__":
    main()
