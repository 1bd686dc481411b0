"""The geometry around a model: fit a source to the recipe, pad it to what the model takes, crop.

The drawn picture lies in the middle of the canvas, so what is cropped away is even on all sides.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

Sides = tuple[int, int]


def fit(source: Image.Image, sides: Sides) -> Image.Image:
    """`source` as RGB at exactly `sides`, by Lanczos; what differs in aspect is cropped evenly.

    A refinement has its source's aspect but for rounding, so there this cuts less than a pixel
    and keeps circles round.
    """
    rgb = source.convert("RGB")
    width, height = sides
    scale = min(rgb.width / width, rgb.height / height)
    left = max(0.0, (rgb.width - width * scale) / 2)
    top = max(0.0, (rgb.height - height * scale) / 2)
    box = (left, top, rgb.width - left, rgb.height - top)
    return rgb.resize(sides, Image.Resampling.LANCZOS, box=box)


def pad(image: Image.Image, canvas: Sides) -> Image.Image:
    """`image` in the middle of a `canvas` at least as large, its edges continued outwards.

    Continued edges give the model nothing to draw a border from, unlike black bars.
    """
    left, top = _offset((image.width, image.height), canvas)
    right, bottom = canvas[0] - image.width - left, canvas[1] - image.height - top
    if not any((left, top, right, bottom)):
        return image
    padded = np.pad(np.asarray(image), ((top, bottom), (left, right), (0, 0)), mode="edge")
    return Image.fromarray(padded)


def crop(image: Image.Image, sides: Sides) -> Image.Image:
    """The middle of `image` with exactly `sides`; undoes `pad`."""
    left, top = _offset(sides, (image.width, image.height))
    return image.crop((left, top, left + sides[0], top + sides[1]))


def _offset(inner: Sides, outer: Sides) -> tuple[int, int]:
    if inner[0] > outer[0] or inner[1] > outer[1]:
        raise ValueError(f"{inner[0]}x{inner[1]} does not lie within {outer[0]}x{outer[1]}")
    return (outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2
