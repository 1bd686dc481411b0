"""Which colours a picture has, wherever they are: a histogram, and what a person would name."""

from __future__ import annotations

import numpy as np

from hotfolder.images.composition.canvas import Array, Canvas

VERSION = 1
NAMED = ("lightness", "contrast", "colourfulness", "redness", "warmth")
_LOWEST = np.array([0.0, -50.0, -60.0])
_RANGE = np.array([100.01, 100.0, 120.0])
_STEPS = 5


def measure(canvas: Canvas) -> Array:
    """The `NAMED` ones, then the roots of the shares of 125 colours; each about -1 to 1."""
    pixels = canvas.lab.reshape(-1, 3)
    light, red, warm = pixels.T
    low, high = np.percentile(light, (3, 97))
    named = [light.mean() / 50 - 1, (high - low) / 50 - 1, np.hypot(red, warm).mean() / 30 - 0.5]
    named += [red.mean() / 30, warm.mean() / 30]
    steps = np.clip((pixels - _LOWEST) / _RANGE * _STEPS, 0, _STEPS - 1).astype(int)
    counts = np.bincount(steps @ [_STEPS**2, _STEPS, 1], minlength=_STEPS**3)
    return np.concatenate([named, np.sqrt(counts / len(pixels))])
