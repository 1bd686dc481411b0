"""What a chain of links gains: four times the area in three links, in one, and drawn at once.

    python benchmarks/refine.py [--scenes 8] [--first 700000] [--keep DIR] [--judge DIR]
                               [--parts DIR]

Prompts are captions of painted scenes. Of each a draft of 256x256 is drawn by the model that is
included; what follows has 512x512. Composition is the correlation with the draft of what is left
of both at 16x16; detail is what is finer than two pixels, as a multiple of that of the draft
enlarged by Lanczos; cost is CPU time of one thread, for each megapixel that is drawn. With a judge
(`training/judge.py`) the share of pictures follows in which it does not see the caption's subject;
with a judge of parts (`training/parts.py`) that of lighthouses and boats, which it knows best, that
are broken (no lamp room, a sail less) or there more than once.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from PIL import Image
from scipy.ndimage import gaussian_filter

from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe, chain
from hotfolder.recipes.refine import refine
from hotfolder.recipes.settings import Settings
from hotfolder.render import link
from hotfolder.render.engine import Engine
from training.painter.caption import caption
from training.painter.scene import Scene, draw_scene
from training.painter.shapes import Part

POSTCARD = {"postcard": Model(source="shipped:postcard", multiple=16)}
BASE = {"model": {"source": "shipped:postcard", "multiple": 16}, "scheduler": "DPM++ 2M SDE"}
BASE |= {"steps": 12, "guidance_scale": 3.5}
WAYS: dict[str, list[dict[str, Any]]] = {
    "one link": [{"area": "512x512", "strength": 0.5}],
    "three links": [
        {"area": "320x320", "strength": 0.5},
        {"area": "400x400", "strength": 0.35},
        {"area": "512x512", "strength": 0.25},
    ],
}

_ONLY_ONE: dict[str, Part] = {"lighthouse": "lamp room", "boat": "sail"}
"""Of each subject that the judge of parts knows well, the part of which there is one."""


def main() -> None:
    """Draw, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--first", type=int, default=700_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--parts", type=Path)
    options = parser.parse_args()
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    pictures: dict[str, list[Image.Image]] = defaultdict(list)
    scenes = list(_scenes(options.first, options.scenes))
    engine.render(_draft(scenes[0], options.first))  # the model is read
    for number, scene in enumerate(scenes):
        recipe = _draft(scene, options.first + number)
        draft = engine.render(recipe).image
        pictures["draft"].append(draft)
        for way, links in {"at once": [], **WAYS}.items():
            began = time.process_time()
            made, megapixels = _made(engine, recipe, draft, links)
            cost = (time.process_time() - began) / megapixels
            rows[way].append((*_measured(made, draft), cost))
            pictures[way].append(made)
    judges = {"subject not seen": (options.judge, _unseen)}
    judges["broken or repeated"] = (options.parts, _broken)
    shares = {
        name: {way: judged(made, scenes, work) for way, made in pictures.items()}
        for name, (work, judged) in judges.items()
        if work
    }
    _print(rows, shares, len(scenes))
    if options.keep:
        _sheet(pictures).save(options.keep / "refine.png")


def _scenes(first: int, count: int) -> list[Scene]:
    """Scenes with a subject, and nothing beside it."""
    found, seed = [], first
    while len(found) < count:
        scene = draw_scene(seed)
        if scene.subject != "none" and scene.companion == "none":
            found.append(scene)
        seed += 1
    return found


def _draft(scene: Scene, seed: int) -> Recipe:
    text = caption(scene, np.random.default_rng(seed))
    return Recipe(
        prompt=text,
        seed=seed,
        width=256,
        height=256,
        multiple=16,
        model="postcard",
        scheduler="DPM++ 2M SDE",
        steps=12,
        guidance_scale=3.5,
    )


def _made(
    engine: Engine, recipe: Recipe, draft: Image.Image, links: list[dict[str, Any]]
) -> tuple[Image.Image, float]:
    """A picture of 512x512, and how many megapixels were drawn for it."""
    if not links:
        large = replace(recipe, width=512, height=512)
        return engine.render(large).image, 512 * 512 / 1e6
    config = Config(Settings(), {"own": {**BASE, "refine": {"links": links}}}, {}, "")
    final = refine(recipe, config.profile("own"), "", "", config=config)[0]
    picture, megapixels = draft, 0.0
    for one in chain(final):

        def draw(source: Image.Image | None, one: Recipe = one) -> Any:
            return engine.render(one, source)

        picture = link.make(one, picture, draft, draw, engine.upscale).image
        megapixels += one.canvas[0] * one.canvas[1] / 1e6
    return picture, megapixels


def _measured(made: Image.Image, draft: Image.Image) -> tuple[float, float]:
    """(composition, detail) of a large picture of a draft."""
    small = [np.asarray(one.resize((16, 16), Image.Resampling.BOX), float) for one in (made, draft)]
    kept = float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])
    enlarged = draft.resize(made.size, Image.Resampling.LANCZOS)
    return kept, _fine(made) / _fine(enlarged)


def _fine(image: Image.Image) -> float:
    light = np.asarray(image.convert("L"), float)
    return float((light - gaussian_filter(light, 1.0)).std())


def _print(rows: Any, shares: dict[str, dict[str, str]], count: int) -> None:
    heads = ["composition", "detail", "CPU s a megapixel drawn", *shares]
    print(f"| {count} scenes | {' | '.join(heads)} |")
    print("|---|" + "--:|" * len(heads))
    for way in ["draft", *rows]:
        told = [""] * 3
        if way in rows:
            kept, fine, cost = np.mean(rows[way], axis=0)
            told = [f"{kept:.3f}", f"{fine:.2f}", f"{cost:.1f}"]
        print("|", " | ".join([way, *told, *(share[way] for share in shares.values())]), "|")


def _unseen(pictures: list[Image.Image], scenes: list[Scene], work: Path) -> str:
    from training.judge import load_judge, verdicts

    seen = verdicts(load_judge(work), np.stack([np.asarray(one) for one in pictures]))
    pairs = zip(scenes, seen, strict=True)
    return f"{sum(scene.subject not in one.subjects for scene, one in pairs)} of {len(scenes)}"


def _broken(pictures: list[Image.Image], scenes: list[Scene], work: Path) -> str:
    from training.parts import load_marker, marks, pieces, whole

    labels = marks(load_marker(work), np.stack([np.asarray(one) for one in pictures]))
    told = [
        not whole(seen, scene.subject) or pieces(seen, _ONLY_ONE[scene.subject]) > 1
        for scene, seen in zip(scenes, labels, strict=True)
        if scene.subject in _ONLY_ONE
    ]
    return f"{sum(told)} of {len(told)}"


def _sheet(pictures: dict[str, list[Image.Image]]) -> Image.Image:
    """Four scenes, a row for each way; drafts first, enlarged by Lanczos."""
    side = 256
    shown = min(4, len(pictures["draft"]))
    sheet = Image.new("RGB", (side * shown, side * len(pictures)), "white")
    for row, made in enumerate(pictures.values()):
        for column, one in enumerate(made[:shown]):
            tile = one.resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(tile, (column * side, row * side))
    return sheet


if __name__ == "__main__":
    main()
