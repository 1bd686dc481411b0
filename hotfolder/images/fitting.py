"""A picture -> the same, as large and of such a shape as somebody takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def within(image: Image, widest_px: int | None, longest_px: int | None) -> Image:
    """The picture, no wider than one and no longer than the other; made smaller by Lanczos."""
    from PIL.Image import Resampling

    scale = min(
        1.0,
        widest_px / image.width if widest_px else 1.0,
        longest_px / max(image.size) if longest_px else 1.0,
    )
    if scale == 1.0:
        return image
    sides = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(sides, Resampling.LANCZOS)


def banded(image: Image, ratios: tuple[float, float]) -> Image:
    """The whole picture between two bands, so that width / height lies between `ratios`.

    Bands have the mean colour of the edges that they lie at; no picture gets any that needs none.
    """
    from PIL.Image import new

    least, most = ratios
    width = max(image.width, math.ceil(image.height * least))
    height = max(image.height, math.ceil(image.width / most))
    if (width, height) == image.size:
        return image
    left, top = (width - image.width) // 2, (height - image.height) // 2
    canvas = new("RGB", (width, height), _edge(image, upright=top > 0))
    canvas.paste(image, (left, top))
    return canvas


def _edge(image: Image, upright: bool) -> tuple[int, int, int]:
    """The mean colour of two opposite edges: the upper and lower one, or left and right."""
    import numpy as np

    values = np.asarray(image.convert("RGB"))
    if not upright:
        values = values.transpose(1, 0, 2)
    red, green, blue = values[[0, -1]].reshape(-1, 3).mean(axis=0).round().astype(int).tolist()
    return red, green, blue
