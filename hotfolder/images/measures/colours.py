"""Where a picture has which colour: the means of 8 x 8 cells in CIE Lab."""

from __future__ import annotations

from hotfolder.images.composition.canvas import Array, Canvas, cells

VERSION = 1
NAMED = ()


def measure(canvas: Canvas) -> Array:
    """192 numbers, cell after cell from the top left; each about -1 to 1."""
    grid = cells(canvas.lab, 8, 8)
    means: Array = ((grid - [50.0, 0.0, 0.0]) / [50.0, 40.0, 40.0]).ravel()
    return means
