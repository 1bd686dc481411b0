"""Many pictures fast: painted landscapes that carry recipes, as a daemon would have made them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from hotfolder.images.picture import publishable
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record

SUBJECTS = ("castle by a lake", "lighthouse on the coast", "windmill on a hill", "boat at sea")
TIMES = ("clear morning", "summer evening", "misty dawn", "starry night")
_SKIES = (((168, 205, 232), (244, 226, 190)), ((246, 168, 96), (122, 84, 130)))
_SKIES += (((214, 214, 206), (238, 224, 214)), ((24, 32, 66), (70, 84, 128)))
_SHAPES = ((256, 256), (224, 288), (288, 224), (192, 320), (320, 192))


def recipe(number: int, source: Recipe | None = None) -> Recipe:
    """The recipe of draft `number`, or of a final of `source`."""
    subject, time = SUBJECTS[number % 4], TIMES[number // 4 % 4]
    width, height = _SHAPES[number % len(_SHAPES)]
    if source is not None:
        width, height = source.width * 3 // 2 // 16 * 16, source.height * 3 // 2 // 16 * 16
    return Recipe(
        prompt=f"{subject}, {time}, calm colours",
        negative_prompt="",
        seed=1000 + number,
        width=width,
        height=height,
        multiple=16,
        model="postcard",
        scheduler="Euler",
        steps=12,
        guidance_scale=4.0,
        source=source,
        strength=0.5 if source else None,
    )


def record(number: int, is_final: bool = False, source: Record | None = None) -> Record:
    """How draft `number` came to be."""
    return Record(
        stage="final" if is_final else "draft",
        pixels="0" * 64,
        software="hotfolder 0.9.0",
        created="2026-11-30T09:00:00+00:00",
        seconds=0.4,
        device="cpu",
        profile="postcard",
        template=f"{SUBJECTS[number % 4]}, {{{'|'.join(TIMES)}}}, calm colours",
        prompt_file=("evening.txt", "海辺.txt")[number % 2],
        source=source,
    )


def painted(number: int, width: int, height: int, seed: int | None = None) -> Image.Image:
    """A small landscape that differs from number to number."""
    random = np.random.default_rng(number if seed is None else seed)
    top, bottom = (np.array(c, float) for c in _SKIES[number // 4 % 4])
    fade = np.linspace(0, 1, height)[:, None, None]
    picture = np.broadcast_to(top * (1 - fade) + bottom * fade, (height, width, 3)).copy()
    x = np.arange(width) / width
    y = np.arange(height)[:, None]
    sun = random.uniform(0.2, 0.8) * width, random.uniform(0.15, 0.45) * height
    far = np.hypot(np.arange(width)[None] - sun[0], y - sun[1])[..., None]
    picture += np.clip(1 - far / (0.09 * width), 0, 1) ** 0.5 * 90
    picture += 30 * np.exp(-far / (0.35 * width))
    ground = np.array(random.uniform((30, 50, 30), (110, 120, 90)))
    for layer in range(4):
        waves = sum(
            size * np.sin(2 * np.pi * (x * speed + begin))
            for size, speed, begin in random.uniform((0.02, 0.6, 0), (0.09, 3, 1), (3, 3))
        )
        edge = (0.5 + 0.13 * layer + waves) * height
        colour = ground * (1.25 - 0.27 * layer) + picture.mean((0, 1)) * 0.28 * (3 - layer) / 3
        picture = np.where((y > edge)[..., None], colour, picture)
    picture += random.normal(0, 2.5, (height, width, 1))
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(0.6))


def draft(number: int) -> bytes:
    """The file of draft `number`."""
    made = recipe(number)
    data, _ = publishable(painted(number, made.width, made.height), made, record(number))
    return data


def final(number: int, which: int) -> bytes:
    """The file of a final of draft `number`."""
    source = recipe(number)
    made = recipe(number + 10_000 * (which + 1), source)
    image = painted(number, made.width, made.height, seed=number)
    image = image.filter(ImageFilter.UnsharpMask(2 + which, 120, 2))
    data, _ = publishable(image, made, record(number, True, record(number)))
    return data


def fill(folder: Path, numbers: Sequence[int], first_ns: int = 1_790_000_000_000_000_000) -> None:
    """Put drafts of these numbers into a folder, each a second younger than the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        file = folder / f"{SUBJECTS[number % 4].replace(' ', '-')}-{number:06d}.png"
        file.write_bytes(draft(number))
        os.utime(file, ns=(first_ns + number * 10**9,) * 2)
