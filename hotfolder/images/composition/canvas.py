"""The small picture that everything is measured on: at most 64 pixels wide or high, in CIE Lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

Array = np.ndarray[Any, np.dtype[Any]]

_SIDE = 64
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
_WHITE = np.array([0.9505, 1.0, 1.089], np.float32)  # D65


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture made small: `lab` is float32 (h, w, 3); `grey` its middle in full size, 0..255.

    `aspect` is the width of the picture over its height.
    """

    lab: Array
    grey: Array
    aspect: float


def of(image: Image) -> Canvas:
    """The canvas of an RGB picture of any size."""
    from PIL import Image as pictures

    width, height = image.size
    scale = _SIDE / max(width, height)
    sides = (max(20, round(width * scale)), max(20, round(height * scale)))
    small = np.asarray(image.resize(sides, pictures.Resampling.BOX, reducing_gap=2.0), np.float32)
    left, top = max(0, (width - 512) // 2), max(0, (height - 512) // 2)
    middle = image.crop((left, top, min(width, left + 512), min(height, top + 512)))
    grey = np.asarray(middle.convert("L"), np.float32)
    return Canvas(lab(small / 255), grey, width / height)


def lab(rgb: Array) -> Array:
    """CIE Lab of sRGB values, (..., 3), 0..1: L from 0 to 100, a and b about -100 to 100."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def cells(values: Array, rows: int, columns: int) -> Array:
    """The means of (h, w, ...) in so many equal cells: (rows, columns, ...)."""
    height, width = values.shape[:2]
    by_row = np.add.reduceat(values, np.arange(rows) * height // rows, axis=0)
    both = np.add.reduceat(by_row, np.arange(columns) * width // columns, axis=1)
    high = np.diff(np.append(np.arange(rows) * height // rows, height))
    wide = np.diff(np.append(np.arange(columns) * width // columns, width))
    count = np.multiply.outer(high, wide)
    means: Array = both / count.reshape(rows, columns, *[1] * (values.ndim - 2))
    return means
