"""Drafts of a studio as the daemon leaves them, without rendering any: castles and boats."""

from __future__ import annotations

import msgspec
import numpy as np
from PIL import Image, ImageDraw

from hotfolder.images import picture
from hotfolder.images.composition import measured
from hotfolder.recipes.record import Record
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.glances import about
from hotfolder.studio.store import opinions
from tests.images.made import RECIPE


def is_castle(number: int) -> bool:
    """What a draft shows."""
    return number % 3 == 0


def put(studio: Studio, number: int, keep: bool = True, folder: str = "drafts") -> str:
    """Make draft `number`, and keep its features as a render does; returns its path."""
    what = "castle" if is_castle(number) else "boat"
    recipe = msgspec.structs.replace(RECIPE, prompt=f"a {what} by the sea", seed=number)
    image = _drawn(number)
    record = Record(stage="draft", pixels="0" * 64, profile="postcard", prompt_file="x.txt")
    data, record = picture.publishable(image, recipe, record, record.encoding)
    path = f"{folder}/{what}-{recipe.id[:8]}.png"
    (studio.root / path).parent.mkdir(parents=True, exist_ok=True)
    (studio.root / path).write_bytes(data)
    if keep:
        kinds = measured.features(image)
        opinions.keep(studio, about(recipe.id, (recipe, record), image.size, kinds))
    return path


def move(studio: Studio, path: str, folder: str) -> str:
    """What a person does in a file manager; returns where it lies now."""
    to = f"{folder}/{path.rpartition('/')[2]}"
    (studio.root / to).parent.mkdir(parents=True, exist_ok=True)
    (studio.root / path).rename(studio.root / to)
    return to


def _drawn(number: int) -> Image.Image:
    random = np.random.default_rng(number)
    image = Image.new("RGB", (24, 16), (120, 170, int(random.integers(200, 250))))
    draw = ImageDraw.Draw(image)
    x, colour = int(random.integers(2, 16)), (90, 40, 20) if is_castle(number) else (240, 240, 235)
    draw.rectangle((0, 11, 24, 16), fill=(20, 60, int(random.integers(60, 110))))
    draw.rectangle((x, 5, x + 5, 11), fill=colour)
    return image
