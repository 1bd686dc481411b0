"""How fine and how busy a picture is, and where."""

from __future__ import annotations

import numpy as np

from hotfolder.images.composition.canvas import Array, Canvas, cells

VERSION = 1
NAMED = ("sharpness", "busyness", "upright lines", "level lines")


def measure(canvas: Canvas) -> Array:
    """The `NAMED` ones, then how busy each of 4 x 4 cells is; each about -2 to 2."""
    grey, light = canvas.grey, canvas.lab[..., 0]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    fine = 4 * grey[1:-1, 1:-1] - around if min(grey.shape) > 2 else np.zeros((1, 1))
    down, across = np.gradient(light)
    busy = np.hypot(down, across)
    named = [np.log1p((fine**2).mean()) / 3 - 2, np.log1p(busy.mean()) - 1]
    named += [np.log1p(np.abs(across).mean()) - 1, np.log1p(np.abs(down).mean()) - 1]
    return np.concatenate([named, (np.log1p(cells(busy, 4, 4)) - 1).ravel()])
