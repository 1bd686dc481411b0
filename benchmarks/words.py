"""Words looked for in painted scenes by the model that is included: where, and whether at all.

    python benchmarks/words.py [--each 4] [--first 910000] [--keep PICTURE]

The painter knows which pixels show a scene's subject. In each scene are looked for: its subject, by
the words that its caption has for it; a subject that it does not show, alone; and that one in the
caption, in the subject's place. The model learned from other scenes.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.refine import seeker
from hotfolder.recipes.settings import Settings
from hotfolder.render.engine import Engine
from training.painter import picture as painter
from training.painter.caption import NOUNS, caption
from training.painter.scene import SUBJECTS, Scene, draw_scene

POSTCARD = {"postcard": Model(source="shipped:postcard", multiple=16)}
PROFILE = {"model": {"source": "shipped:postcard", "multiple": 16}, "scheduler": "DPM++ 2M SDE"}
SIZES = ((256, 256), (320, 256), (256, 320), (384, 384))
LEARNED = SUBJECTS[: SUBJECTS.index("none")] if isinstance(SUBJECTS, tuple) else tuple(SUBJECTS)[:9]


def main() -> None:
    """Look, measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=4)
    parser.add_argument("--first", type=int, default=910_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    config = Config(Settings(), {"own": PROFILE}, {}, "")
    found: dict[str, list[float]] = defaultdict(list)
    told: dict[str, list[bool]] = defaultdict(list)
    shown: list[Image.Image] = []
    seconds = 0.0
    for number, (seed, scene, text, noun) in enumerate(_scenes(options.first, options.each)):
        image, truth = _painted(seed, SIZES[number % len(SIZES)])
        absent = _absent(scene, number)

        def mask(word: str, prompt: str, image: Image.Image = image) -> Any:
            source = Pixels(sha256=pixel_hash(image), width=image.width, height=image.height)
            recipe = seeker(source, config.profile("own"), (prompt, ""), config)
            return engine.locate(recipe, image, [word])[word]

        began = time.process_time()
        seen = mask(noun, text)
        seconds += time.process_time() - began
        told["its subject"].append(seen is None)
        if seen is not None:
            found[scene.subject].append(float((seen & truth).sum() / (seen | truth).sum()))
            shown.append(_beside(image, truth, seen))
        told["a word that is not in the picture"].append(mask(absent, text) is None)
        instead = mask(absent, text.replace(noun, absent))
        told["that word in the picture's prompt"].append(instead is None)
        print(number, noun, absent, [round(v[-1], 2) for v in found.values()][-1:], flush=True)
    _report(found, told, seconds)
    if options.keep:
        _sheet(shown).save(options.keep)


def _scenes(first: int, each: int) -> Iterator[tuple[int, Scene, str, str]]:
    """So many scenes of each subject: seed, scene, caption, and its words for the subject."""
    lacking = dict.fromkeys(LEARNED, each)
    seed = first
    while any(lacking.values()):
        scene = draw_scene(seed)
        text = caption(scene, np.random.default_rng(seed))
        nouns = sorted(NOUNS.get(scene.subject, ()), key=len, reverse=True)
        noun = next((noun for noun in nouns if text.count(noun) == 1), None)
        if noun and lacking.get(scene.subject, 0):
            lacking[scene.subject] -= 1
            yield seed, scene, text, noun
        seed += 1


def _absent(scene: Scene, number: int) -> str:
    """A word for something that a scene does not show."""
    others = [one for one in LEARNED if one not in (scene.subject, scene.companion)]
    return NOUNS[others[number % len(others)]][0]


def _painted(seed: int, size: tuple[int, int]) -> tuple[Image.Image, Any]:
    """A scene, and the mask of its subject alone, without its companion."""
    paint = painter.paint_subject

    def subject(canvas: Any, scene: Any, light: Any, rng: Any, main: bool, *lacking: Any) -> None:
        if main:
            canvas.labels.paste(0, (0, 0, *canvas.labels.size))
        paint(canvas, scene, light, rng, main, *lacking)

    painter.paint_subject = subject
    try:
        pixels, labels = painter.paint_parts(draw_scene(seed), *size)
    finally:
        painter.paint_subject = paint
    return Image.fromarray(pixels), labels > 0


def _report(found: Any, told: Any, seconds: float) -> None:
    print("\n| subject | found in | mean IoU | IoU of 0.5 and more |")
    print("|---|--:|--:|--:|")
    every = [value for values in found.values() for value in values]
    for name, values in [*sorted(found.items()), ("all", every)]:
        high = np.mean(np.array(values) >= 0.5)
        print(f"| {name} | {len(values)} | {np.mean(values):.3f} | {high:.0%} |")
    for what, values in told.items():
        print(f"{what}: told as not seen in {sum(values)} of {len(values)}")
    print(f"CPU s for a word: {seconds / len(told['its subject']):.1f}")


def _beside(image: Image.Image, truth: Any, seen: Any) -> Image.Image:
    """A picture, what the painter says of it, and what was found, one above the other."""
    sheet = Image.new("RGB", (192, 576))
    for at, mask in enumerate((np.ones_like(truth), truth, seen)):
        pixels = np.where(mask[..., None], np.asarray(image), np.asarray(image) // 4)
        part = Image.fromarray(pixels.astype(np.uint8))
        part.thumbnail((188, 188))
        sheet.paste(part, (2, 192 * at + 2))
    return sheet


def _sheet(shown: list[Image.Image]) -> Image.Image:
    row = shown[:: max(1, len(shown) // 9)][:9]
    sheet = Image.new("RGB", (192 * len(row), 576))
    for at, part in enumerate(row):
        sheet.paste(part, (192 * at, 0))
    return sheet


if __name__ == "__main__":
    main()
