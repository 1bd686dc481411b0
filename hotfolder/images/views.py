"""Other views of the same picture, with its sides: mirrored, a little cropped; and a small one."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageOps

Array = np.ndarray[Any, np.dtype[Any]]


def mirrored(image: Image.Image) -> Image.Image:
    """Left and right changed over."""
    return ImageOps.mirror(image)


def cropped(image: Image.Image, share: float, place: int) -> Image.Image:
    """So much of each side, enlarged to the picture's own; `place` is a number that says where."""
    width, height = (round(side * share) for side in image.size)
    left = place % (image.width - width + 1)
    top = place // (image.width - width + 1) % (image.height - height + 1)
    box = (left, top, left + width, top + height)
    return image.resize(image.size, Image.Resampling.LANCZOS, box)


def grey(image: Image.Image, side: int) -> Array:
    """How bright it is, 0 to 255, in `side` x `side` cells: float64."""
    return np.asarray(image.convert("L").resize((side, side), Image.Resampling.BOX), float)


def signed(image: Image.Image) -> Array:
    """RGB from -1 to 1: float32, (3, height, width)."""
    values = np.array(image.convert("RGB"), dtype=np.float32) / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1))
