"""Retouching measured: what stays, what the rim shows, which marks are found.

    python benchmarks/retouch.py marks [--cases 60]     lines and blots painted into copies, found?
    python benchmarks/retouch.py parts [--cases 12]     parts drawn anew by the included model
    python benchmarks/retouch.py ways [--cases 200]     masks, marks and words; PNG, JPEG and WebP
    python benchmarks/retouch.py rounds [--cases 20]    one picture, retouched again and again

Pictures are painted scenes. A step of tone is how far the means, of 255, of what was drawn
and of the picture lie apart in each of up to 24 pieces of the rim, before the soft edge. Each has
at least 32 pixels: with fewer it is what is drawn there that differs, and no tone. A seam is a soft
edge with gradients above 1.5 times those on both sides of it.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import distance_transform_edt

from hotfolder.errors import PictureError
from hotfolder.images import regions, strokes
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Pixels, chain
from hotfolder.recipes.refine import Wish, retouch, seeker
from hotfolder.recipes.region import Region
from hotfolder.recipes.settings import Settings
from hotfolder.render import link
from hotfolder.render import retouch as drawing
from hotfolder.render.engine import Engine
from training.painter import picture as painter
from training.painter.caption import NOUNS, caption
from training.painter.scene import draw_scene

POSTCARD = {"postcard": Model(source="shipped:postcard", multiple=16)}
PROFILE = {
    "model": {"source": "shipped:postcard", "multiple": 16},
    "scheduler": "DPM++ 2M SDE",
    "steps": 12,
    "guidance_scale": 3.5,
    "refine": {"area": "320x320", "strength": 0.45, "count": 1},
}
QUICK = {**PROFILE, "steps": 5}
CONFIG = Config(Settings(), {"own": PROFILE, "quick": QUICK}, {}, "")
COLOURS = {
    "red": (255, 0, 0),
    "magenta": (255, 0, 255),
    "green": (0, 255, 0),
    "cyan": (0, 255, 255),
    "yellow": (255, 255, 0),
}
PIECES = 24
SEAM = 1.5
LEAST_PX = 32
FILES = ("png", "jpeg92", "jpeg75", "webp80")


def main() -> None:
    """Measure one of the four."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("marks", "parts", "ways", "rounds"))
    parser.add_argument("--cases", type=int)
    options = parser.parse_args()
    usual = {"marks": 60, "parts": 12, "ways": 200, "rounds": 20}
    measure = {"marks": marks, "parts": parts, "ways": ways, "rounds": rounds}
    measure[options.what](options.cases or usual[options.what])


def marks(cases: int) -> None:
    """Paint into copies of scenes, save them, look for what was painted."""
    chance = np.random.default_rng(0)
    found: dict[str, list[float]] = defaultdict(list)
    false = 0
    for case in range(cases):
        scene = Image.fromarray(painter.paint(draw_scene(700_000 + case), 320, 256))
        file = FILES[case % len(FILES)]
        false += _found(scene, scene, file) is not None
        colour = list(COLOURS)[case % len(COLOURS)]
        for style in ("line", "soft line", "blot"):
            copy, truth = _painted(scene, _outline(chance, scene.size), style, COLOURS[colour])
            mask = _found(copy, scene, file)
            found[f"{style}, {file}"].append(0.0 if mask is None else _iou(mask, truth))
    print("| painted, saved as | cases | mean IoU | IoU of 0.7 and more | not found |")
    print("|---|--:|--:|--:|--:|")
    for name, values in sorted(found.items()):
        high, none = np.mean(np.array(values) >= 0.7), sum(value == 0 for value in values)
        print(f"| {name} | {len(values)} | {np.mean(values):.3f} | {high:.0%} | {none} |")
    print(f"\nfalse marks in {cases} copies without any: {false}")


def parts(cases: int) -> None:
    """Draw parts of scenes anew; print what changed outside, and what the rim shows."""
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    chance = np.random.default_rng(1)
    changed, steps, raw, seams = 0, [], [], []
    for case in range(cases):
        scene = draw_scene(710_000 + case)
        image = _as_file(Image.fromarray(painter.paint(scene, 320, 256)), FILES[case % 4])
        mask = _filled(image.size, _outline(chance, image.size))
        region = regions.with_surroundings(regions.region(mask), image.size, 80)
        source = Pixels(sha256=pixel_hash(image), width=image.width, height=image.height)
        prompt = caption(scene, np.random.default_rng(case))
        wishes = (Wish(region),)
        recipe = retouch(source, wishes, CONFIG.profile("own"), (prompt, ""), config=CONFIG)[0]
        drawn: list[Image.Image] = []

        def draw(cut: Image.Image | None, recipe: Any = recipe, drawn: Any = drawn) -> Any:
            made = engine.render(recipe, cut)
            drawn.append(made.image)
            return made

        made = link.make(recipe, image, image, draw, engine.upscale).image
        away = distance_transform_edt(~mask)
        differs = (np.asarray(made) != np.asarray(image)).any(-1)
        changed += int(differs[away > region.feather].sum())
        before, after = _steps(image, drawn[0], region)
        raw.append(before)
        steps.append(after)
        seams.append(_seam(made, mask, region.feather))
    print(f"{cases} parts: pixels changed beyond the soft edge: {changed}")
    print(f"step of tone at the rim: {np.mean(raw):.2f} as drawn, {np.mean(steps):.2f} matched")
    print(
        f"largest matched step {np.max(steps):.2f}; edges above 1.5: {sum(s > 1.5 for s in seams)}"
    )
    print(f"gradient in the soft edge, as a multiple of that beside it: {np.mean(seams):.2f}")


def ways(cases: int) -> None:
    """Say where by a mask, by lines and blots in five colours, by words; draw two steps."""
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    chance = np.random.default_rng(2)
    done: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for case in range(cases):
        scene = draw_scene(720_000 + case)
        image = _as_file(Image.fromarray(painter.paint(scene, 320, 256)), FILES[case % 4])
        how = ("mask", "line", "blot", "soft line", "word")[case % 5] if case % 10 else "word"
        prompt = caption(scene, np.random.default_rng(case))
        found = _said(how, image, prompt, scene.subject, engine, chance, case)
        if not found:
            done[f"{how}, not found"].append((0, 0.0, 0.0))
            continue
        done[how].append(_drawn(image, found, prompt, engine))
        sides = ", ".join(f"{one.around[2]}x{one.around[3]}" for one in found)
        changed, step, seam = done[how][-1]
        print(f"{case} {how} {sides} px: {changed} changed, {step:.2f}, {seam:.2f}", flush=True)
    print("| said by | cases | pixels changed outside | tone at the rim | largest | seams |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, values in sorted(done.items()):
        every, steps, seams = (np.array(column) for column in zip(*values, strict=True))
        told = f"{steps.mean():.2f} | {steps.max():.2f} | {(seams > SEAM).sum()}"
        print(f"| {name} | {len(values)} | {every.sum()} | {told} |")


def rounds(count: int) -> None:
    """Retouch one picture again and again, here and there; what lies elsewhere stays."""
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    chance = np.random.default_rng(3)
    first = image = Image.fromarray(painter.paint(draw_scene(720_000), 320, 256))
    touched = np.zeros((image.height, image.width), bool)
    for _ in range(count):
        outline = [(x * 0.4 + 20, y * 0.4 + 20) for x, y in _outline(chance, image.size)]
        marked = regions.of(_filled(image.size, outline))
        found = [regions.with_surroundings(one, image.size, 80) for one in marked]
        for region in found:
            _within(touched, region)[:] |= drawing.soft(regions.mask(region), region.feather) > 0
        image = _made(image, found, "a castle by the sea", engine)
    differs = (np.asarray(image) != np.asarray(first)).any(-1)
    print(f"{count} rounds: {touched.mean():.0%} of the picture touched, and elsewhere ", end="")
    print(f"{int(differs[~touched].sum())} of {int((~touched).sum())} pixels changed")


def _said(
    how: str,
    image: Image.Image,
    prompt: str,
    subject: str,
    engine: Engine,
    chance: np.random.Generator,
    case: int,
) -> list[Region]:
    """The regions that are found where something is said to lie."""
    marked: Any = _filled(image.size, outline := _outline(chance, image.size))
    if how == "word":
        word = next((noun for noun in NOUNS.get(subject, ()) if noun in prompt), "castle")
        source = Pixels(sha256=pixel_hash(image), width=image.width, height=image.height)
        recipe = seeker(source, CONFIG.profile("own"), (prompt, ""), CONFIG)
        marked = engine.locate(recipe, image, [word])[word]
    elif how != "mask":
        colour = list(COLOURS.values())[case % len(COLOURS)]
        marked = _found(_painted(image, outline, how, colour)[0], image, FILES[case % 3])
    found = () if marked is None else regions.of(marked)
    return [regions.with_surroundings(region, image.size, 80) for region in found]


def _drawn(
    image: Image.Image, found: list[Region], prompt: str, engine: Engine
) -> tuple[int, float, float]:
    """How many pixels changed outside, the largest step of tone at a rim, the strongest edge.

    The edge is as `_seam` has it, as a multiple of what the picture had there before, if that is
    more than 1: what is found by a word ends where the picture has an edge of its own.
    """
    away = np.ones((image.height, image.width), bool)
    steps = []

    def seen(drawn: Image.Image, before: Image.Image, region: Region) -> None:
        steps.append(_steps(before, drawn, region)[1])

    for region in found:
        _within(away, region)[:] &= drawing.soft(regions.mask(region), region.feather) == 0
    made = _made(image, found, prompt, engine, seen)
    seams = []
    for region in found:
        _within(whole := np.zeros_like(away), region)[:] = regions.mask(region)
        was, now = (_seam(one, whole, region.feather) for one in (image, made))
        seams.append(now / max(1.0, was))
    changed = int((np.asarray(made) != np.asarray(image)).any(-1)[away].sum())
    return changed, max(steps), max(seams)


def _made(
    image: Image.Image, found: list[Region], prompt: str, engine: Engine, seen: Any = None
) -> Image.Image:
    """The picture with regions of it drawn anew, one by one."""
    source = Pixels(sha256=pixel_hash(image), width=image.width, height=image.height)
    profile = CONFIG.profile("quick")
    wishes = [Wish(region) for region in found]
    for recipe in chain(retouch(source, wishes, profile, (prompt, ""), config=CONFIG)[0]):
        before = image

        def draw(cut: Image.Image | None, recipe: Any = recipe, before: Any = before) -> Any:
            rendered = engine.render(recipe, cut)
            if seen:
                seen(rendered.image, before, recipe.region)
            return rendered

        image = link.make(recipe, image, image, draw, engine.upscale).image
    return image


def _within(whole: Any, region: Region) -> Any:
    """What lies around a region, of an array of the picture's size."""
    left, top, width, height = region.around
    return whole[top : top + height, left : left + width]


def _steps(image: Image.Image, drawn: Image.Image, region: Any) -> tuple[float, float]:
    """The step of tone at the rim, before and after the membrane."""
    left, top, width, height = region.around
    old = np.asarray(image.crop((left, top, left + width, top + height)), np.float32)
    new = np.asarray(drawn.resize((width, height), Image.Resampling.LANCZOS), np.float32)
    weights = drawing.soft(regions.mask(region), region.feather)
    matched = new + drawing.membrane(old - new, weights < 0.5)
    ys, xs = np.nonzero((weights > 0.1) & (weights < 0.9))
    angles = np.arctan2(ys - ys.mean(), xs - xs.mean())
    count = min(PIECES, max(1, len(ys) // LEAST_PX))
    pieces = ((angles + np.pi) / (2 * np.pi) * (count - 0.01)).astype(int)
    before, after = (
        np.mean([np.abs((one - old)[ys[at], xs[at]].mean(0)).mean() for at in _each(pieces)])
        for one in (new, matched)
    )
    return float(before), float(after)


def _each(pieces: Any) -> list[Any]:
    """Where each piece of the rim is that has more than a few pixels."""
    found = [np.flatnonzero(pieces == piece) for piece in range(PIECES)]
    return [at for at in found if len(at) > 3]


def _seam(made: Image.Image, mask: Any, feather: int) -> float:
    light = np.asarray(made.convert("L"), float)
    gradient = np.hypot(*np.gradient(light))
    signed = distance_transform_edt(~mask) - distance_transform_edt(mask)
    edge = (signed > 0) & (signed <= feather)
    beside = (signed > -2 * feather) & (signed <= 3 * feather) & ~edge
    return float(gradient[edge].mean() / max(gradient[beside].mean(), 1e-6))


def _outline(chance: np.random.Generator, size: tuple[int, int]) -> list[tuple[float, float]]:
    """A closed, uneven round line within a picture."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = 1.0 + sum(
        chance.uniform(0, 0.12) * np.cos(k * angles + chance.uniform(0, 6)) for k in (2, 3, 5)
    )
    rx, ry = chance.uniform(26, 60, 2)
    cx, cy = (chance.uniform(75, side - 75) for side in size)
    xs, ys = cx + rx * radius * np.cos(angles), cy + ry * radius * np.sin(angles)
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def _filled(size: tuple[int, int], outline: list[tuple[float, float]]) -> Any:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    return np.asarray(mask) > 127


def _painted(
    scene: Image.Image, outline: list[tuple[float, float]], style: str, colour: tuple[int, ...]
) -> tuple[Image.Image, Any]:
    """A copy with a mark, and what it marks."""
    over = Image.new("L", scene.size)
    pen = ImageDraw.Draw(over)
    if style == "blot":
        pen.polygon(outline, fill=255)
    else:
        pen.line([*outline, outline[0]], fill=255, width=5, joint="curve")
    truth = _filled(scene.size, outline) | (np.asarray(over) > 127)
    if style == "soft line":
        over = over.filter(ImageFilter.GaussianBlur(1))
    copy = scene.copy()
    copy.paste(colour, (0, 0, *scene.size), over)
    return copy, truth


def _data(image: Image.Image, file: str) -> bytes:
    buffer = io.BytesIO()
    kind = file.rstrip("0123456789")
    more = {} if kind == "png" else {"quality": int(file.removeprefix(kind))}
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def _as_file(image: Image.Image, file: str) -> Image.Image:
    return Image.open(io.BytesIO(_data(image, file))).convert("RGB")


def _found(copy: Image.Image, scene: Image.Image, file: str) -> Any:
    data = _data(copy, file)
    try:
        return strokes.find(data, Image.open(io.BytesIO(data)).convert("RGB"), scene)
    except PictureError:
        return None


def _iou(one: Any, other: Any) -> float:
    return float((one & other).sum() / (one | other).sum())


if __name__ == "__main__":
    main()
