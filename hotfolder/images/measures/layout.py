"""Where the weight of a picture lies: its subject, its horizon, its symmetry, its shape.

The subject is what differs from the rest of its row. Shares of it by column and by row add up to
one, so a linear judge can like any place.
"""

from __future__ import annotations

import numpy as np

from hotfolder.images.composition.canvas import Array, Canvas, cells

VERSION = 1
NAMED = ("subject to the right", "subject low", "horizon low", "asymmetry", "width", "subject size")
_COLUMNS = 16
_ROWS = 16


def measure(canvas: Canvas) -> Array:
    """The `NAMED` ones, then shares by column, by row and of the edges by row; about -1 to 1."""
    lab = canvas.lab
    weight = np.sqrt(((lab - np.median(lab, axis=1, keepdims=True)) ** 2).sum(-1)) ** 2 + 1e-3
    middle = weight[int(len(lab) * 0.3) : int(len(lab) * 0.85)]
    columns, rows = _shares(middle.sum(0), _COLUMNS), _shares(weight.sum(1), _ROWS)
    profile = np.median(lab, axis=1)
    edges = _shares(np.abs(np.diff(profile, axis=0)).sum(1) ** 2 + 1e-3, _ROWS)
    across, down = np.linspace(-1, 1, _COLUMNS), np.linspace(-1, 1, _ROWS)
    spread = np.sqrt(columns @ (across - columns @ across) ** 2)
    asymmetry = np.abs(lab - lab[:, ::-1]).mean() / 20 - 0.5
    named = [columns @ across, rows @ down, edges @ down, asymmetry, np.log(canvas.aspect)]
    upper = cells(lab[: len(lab) // 2, :, 0] - np.median(lab[: len(lab) // 2, :, 0]), 3, 6) / 25
    return np.concatenate(
        [[*named, 2 * spread - 1], 4 * columns, 4 * rows, 4 * edges, upper.ravel()]
    )


def _shares(values: Array, count: int) -> Array:
    """How values are shared out among so many equal stretches; adds up to one."""
    sums = cells(values[:, None], count, 1)[:, 0]
    shares: Array = sums / sums.sum()
    return shares
