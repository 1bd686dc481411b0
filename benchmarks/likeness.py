"""How surely damaged pictures are found: `benchmarks/likeness.py [PICTURES [ASKED [FIRST]]]`.

Painted landscapes, of which half is known. ASKED of each half are damaged in eight ways and looked
for: a known one must be found as itself, an unknown one must not be found at all. The first scene
is number FIRST: what is alike enough was chosen on those from 0 and 5,000,000 on, and on the pairs
most alike among 40,000, most of them from 30,000,000 on; so others are the trial.
"""

from __future__ import annotations

import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from multiprocessing import get_context

from PIL import Image, ImageEnhance

from hotfolder.images import likeness
from training.painter.picture import paint
from training.painter.scene import draw_scene

SIDES = 160, 104
_PART = 20


def picture(seed: int) -> Image.Image:
    """A painted landscape."""
    return Image.fromarray(paint(draw_scene(seed), *SIDES))


def saved(image: Image.Image, kind: str, **options: int) -> Image.Image:
    """The picture after a lossy format."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return Image.open(buffer).convert("RGB")


def cropped(image: Image.Image, dice: random.Random) -> Image.Image:
    """What is left when up to a tenth of each side's length is cut off."""
    width, height = image.size
    across, down = dice.uniform(0, 0.1) * width, dice.uniform(0, 0.1) * height
    left, top = dice.uniform(0, across), dice.uniform(0, down)
    return image.crop(
        (round(left), round(top), round(left + width - across), round(top + height - down))
    )


def scaled(image: Image.Image, factor: float) -> Image.Image:
    """The picture at another size."""
    return image.resize((round(image.width * factor), round(image.height * factor)))


DAMAGES: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "jpeg 30": lambda image, _: saved(image, "JPEG", quality=30),
    "webp 40": lambda image, _: saved(image, "WEBP", quality=40),
    "half": lambda image, _: scaled(image, 0.5),
    "larger": lambda image, _: scaled(image, 1.7),
    "cropped": cropped,
    "messenger": lambda image, _: saved(scaled(image, 0.6), "JPEG", quality=50),
    "all of it": lambda image, dice: saved(scaled(cropped(image, dice), 0.7), "JPEG", quality=50),
    "brighter": lambda image, _: ImageEnhance.Brightness(image).enhance(1.1),
}


def tried(
    numbers: Sequence[int], count: int, asked: int, first: int
) -> tuple[Counter[str], int, list[float]]:
    """What comes of some of the pictures that are asked for.

    How many were found by their damage, how many as another one, and how alike to the most alike
    known picture each damaged unknown one is.
    """
    known = _known(first, count)
    found, wrong, strange = Counter[str](), 0, list[float]()
    for number in numbers:
        seed = number * count // asked
        one, other = picture(first + seed), picture(first + count + number)
        for name, damage in DAMAGES.items():
            scores = likeness.scores(damage(one, random.Random(f"{seed} {name}")), known)
            best = max(range(count), key=scores.__getitem__)
            is_found = scores[best] >= likeness.ALIKE
            found[name] += is_found and best == seed
            wrong += is_found and best != seed
            strange.append(max(likeness.scores(damage(other, random.Random(seed)), known)))
    return found, wrong, strange


@cache
def _known(first: int, count: int) -> tuple[bytes, ...]:
    """The sketches of the known pictures, once in each process."""
    return tuple(likeness.sketch(picture(first + number)) for number in range(count))


def main(count: int = 1000, asked: int = 1000, first: int = 0) -> int:
    """Measure and print; 1 if fewer than 99 of 100 were found, or one wrongly."""
    parts = [range(begin, min(begin + _PART, asked)) for begin in range(0, asked, _PART)]
    found, wrong, strange = Counter[str](), 0, list[float]()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for part in pool.map(tried, parts, repeat(count), repeat(asked), repeat(first)):
            found.update(part[0])
            wrong += part[1]
            strange += part[2]
    for name in DAMAGES:
        print(f"{name:10} {found[name]:5} of {asked}")
    wrongly = sum(score >= likeness.ALIKE for score in strange)
    share = found.total() / (asked * len(DAMAGES))
    print(f"found {share:.2%}; as another {wrong}; of {len(strange)} unknown ones {wrongly}")
    print(f"the most alike unknown one: {max(strange):.4f}")
    return int(share < 0.99 or bool(wrong or wrongly))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4])))
