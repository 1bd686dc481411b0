"""A picture to try steps on."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from hotfolder.finishing import steps
from hotfolder.finishing.given import Given

SETTINGS: dict[str, dict[str, Any]] = {"crop": {"width": 90, "height": 40}}
"""What a step must be told."""


def picture() -> Image.Image:
    """A landscape of 128 x 96 px with edges, a gradient and fine noise."""
    y, x = np.mgrid[0:96, 0:128]
    chance = np.random.RandomState(0)
    red = 90 + x + chance.normal(0, 6, x.shape)
    green = np.where((x - 64) ** 2 + (y - 48) ** 2 < 900, 200, 60) + chance.normal(0, 6, x.shape)
    blue = 220 - y + chance.normal(0, 6, x.shape)
    return Image.fromarray(np.clip(np.stack([red, green, blue], -1), 0, 255).astype(np.uint8))


def done(picture: Image.Image, name: str, **settings: Any) -> Image.Image:
    """What one step makes of a picture."""
    given = Given(picture, seed=5)
    return steps.apply([(name, {**SETTINGS.get(name, {}), **settings})], picture, given)


def values(picture: Image.Image) -> Any:
    """Its pixels, float."""
    return np.asarray(picture, dtype=float)
