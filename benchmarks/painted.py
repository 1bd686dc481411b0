"""Marks that paint programs make: are they found in the files that these save?

    python benchmarks/painted.py [--each 15]        ImageMagick, GraphicsMagick and GIMP

Each program that is here loads a painted scene, draws a closed line around a part of it or fills
it, in one of five colours, and saves a copy as it does by default: PNG, JPEG or WebP. Each also
saves copies without a mark.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.retouch import COLOURS, _filled, _iou, _outline
from hotfolder.errors import PictureError
from hotfolder.images import strokes
from training.painter import picture as painter
from training.painter.scene import draw_scene

Points = list[tuple[float, float]]
ENDS = ("png", "jpg", "webp")
WIDTH_PX = 5


def main() -> None:
    """Paint, save, look, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=15)
    options = parser.parse_args()
    chance = np.random.default_rng(5)
    print("| program | marks | found | mean IoU | copies without a mark | false marks |")
    print("|---|--:|--:|--:|--:|--:|")
    for program, draw in PROGRAMS.items():
        if shutil.which(draw[0]):
            print(_row(program, options.each, chance), flush=True)


def _row(program: str, each: int, chance: np.random.Generator) -> str:
    """What was found of a program's marks."""
    found: dict[bool, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for case in range(each + each // 3):
            is_marked = case < each
            scene = Image.fromarray(painter.paint(draw_scene(730_000 + case), 320, 256))
            original = Path(folder) / "scene.png"
            scene.save(original)
            outline = _outline(chance, scene.size)
            colour = COLOURS[list(COLOURS)[case % len(COLOURS)]]
            copy = Path(folder) / f"copy.{ENDS[case % len(ENDS)]}"
            copy.unlink(missing_ok=True)
            fills = case % 2 == 1
            command = _command(program, original, copy, outline if is_marked else [], colour, fills)
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            found[is_marked].append(_seen(copy, scene, _filled(scene.size, outline)))
    marks, others = np.array(found[True]), np.array(found[False])
    hits = f"{np.mean(marks > 0.5):.0%} | {marks.mean():.2f}"
    return f"| {program} | {len(marks)} | {hits} | {len(others)} | {(others >= 0).sum()} |"


def _seen(copy: Path, scene: Image.Image, truth: Any) -> float:
    """The IoU of what is found in a copy; -1 for nothing."""
    data = copy.read_bytes()
    try:
        mask = strokes.find(data, Image.open(copy).convert("RGB"), scene)
    except PictureError:
        return 0.0
    return -1.0 if mask is None else _iou(mask, truth)


def _command(
    program: str, original: Path, copy: Path, outline: Points, colour: Any, fills: bool
) -> list[str]:
    """How a program draws along a line, or fills what is within, and saves a copy."""
    first, *rest = PROGRAMS[program]
    if first == "gimp":
        return [first, *rest, "-b", _script(original, copy, outline, colour, fills)]
    hexed = "#{:02x}{:02x}{:02x}".format(*colour)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
    pen = ["-fill", hexed if fills else "none", "-stroke", hexed, "-strokewidth", str(WIDTH_PX)]
    drawn = [*pen, "-draw", f"polygon {points}"] if outline else []
    return [first, *rest, str(original), *drawn, str(copy)]


def _script(original: Path, copy: Path, outline: Points, colour: Any, fills: bool) -> str:
    """The same for GIMP: a hard brush along a line, or a selection that is filled."""
    numbers = " ".join(f"{value:.1f}" for point in [*outline, *outline[:1]] for value in point)
    count = 2 * (len(outline) + 1)
    paint = ""
    if outline:
        paint = f"(gimp-context-set-foreground '({colour[0]} {colour[1]} {colour[2]}))"
        if fills:
            paint += f"(gimp-image-select-polygon image CHANNEL-OP-REPLACE {count} #({numbers}))"
            paint += "(gimp-edit-fill layer FILL-FOREGROUND)"
        else:
            paint += '(gimp-context-set-brush "2. Hardness 100")'
            paint += f"(gimp-context-set-brush-size {WIDTH_PX})"
            paint += f"(gimp-paintbrush-default layer {count} #({numbers}))"
    return (
        f'(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{original}" "{original}")))'
        f" (layer (car (gimp-image-get-active-layer image)))) {paint}"
        f' (gimp-file-save RUN-NONINTERACTIVE image layer "{copy}" "{copy}") (gimp-quit 0))'
    )


PROGRAMS = {
    "ImageMagick": ("convert",),
    "GraphicsMagick": ("gm", "convert"),
    "GIMP": ("gimp", "-ns", "-i"),
}

if __name__ == "__main__":
    main()
