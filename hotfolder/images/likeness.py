"""How alike two pictures are, whatever size, format or border they have now.

A sketch is a picture's tones at 32x32, uint8: so much of it outlives messengers, other sizes and
lossy formats. A picture that was cropped shows a window of what was sketched: every window that
leaves out at most a tenth of a side is tried, averaged to 16x16, and the best correlation counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

SIDE = 32
ALIKE = 0.96
"""Correlation from which two pictures are taken for the same one."""

_SEEN = 16
_COARSE, _LEAST_COARSE, _MOST_TRIED = 4, 0.5, 16
_CROPS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
_LEAST_CONTRAST = 3.0  # of 255: tones of less are all alike


def sketch(image: Image) -> bytes:
    """The tones of an RGB picture, SIDE rows of SIDE bytes."""
    return _shrunk(image, SIDE)


def _shrunk(image: Image, side: int) -> bytes:
    from PIL.Image import Resampling

    return image.convert("L").resize((side, side), Resampling.BOX).tobytes()


def scores(image: Image, sketches: Sequence[bytes]) -> list[float]:
    """How alike a picture is to each of these sketches, -1 to 1; 0 for those without contrast."""
    import numpy as np

    if not sketches:
        return []
    seen = _tones([_shrunk(image, _SEEN)], _SEEN)[0]
    known = _tones(sketches, SIDE)
    rough = _correlations(_coarse(known), _coarse(seen[None])[0])
    found = [0.0] * len(sketches)
    for index in np.argsort(-rough)[:_MOST_TRIED]:
        if rough[index] >= _LEAST_COARSE:
            windows = _windows(known[index])
            found[index] = float(_correlations(windows, seen).max())
    return found


def _tones(sketches: Sequence[bytes], side: int) -> NDArray[np.float32]:
    import numpy as np

    return (
        np.frombuffer(b"".join(sketches), dtype=np.uint8)
        .astype(np.float32)
        .reshape(len(sketches), side, side)
    )


def _coarse(tones: NDArray[np.float32]) -> NDArray[np.float32]:
    cells = tones.shape[1] // _COARSE
    blocks = tones.reshape(len(tones), _COARSE, cells, _COARSE, cells)
    means: NDArray[np.float32] = blocks.mean(axis=(2, 4))
    return means


def _windows(tones: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each window of a sketch shows at _SEEN x _SEEN."""
    import numpy as np

    ways = _samplings().reshape(-1, SIDE)  # of all crops, one below the other
    crops = len(ways) // _SEEN
    both = ways @ tones @ ways.T
    windows = both.reshape(crops, _SEEN, crops, _SEEN).transpose(0, 2, 1, 3)
    return windows.reshape(-1, _SEEN, _SEEN).astype(np.float32, copy=False)


@cache
def _samplings() -> NDArray[np.float32]:
    """For each crop of one direction, how much of each tone is in each mean of what is left."""
    import numpy as np

    found = []
    tone = np.arange(SIDE)[None, :]
    for before in _CROPS:
        for behind in _CROPS:
            if before + behind <= 0.1001:
                edges = SIDE * np.linspace(before, 1 - behind, _SEEN + 1)
                begin, end = edges[:-1, None], edges[1:, None]
                shared = np.minimum(end, tone + 1) - np.maximum(begin, tone)
                weights = np.clip(shared, 0, None)
                found.append(weights / weights.sum(axis=1, keepdims=True))
    return np.array(found, dtype=np.float32)


def _correlations(many: NDArray[np.float32], one: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    flat, other = many.reshape(len(many), -1), one.reshape(-1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    other = other - other.mean()
    lengths = np.linalg.norm(flat, axis=1)
    least = _LEAST_CONTRAST * np.sqrt(other.size)
    length = np.linalg.norm(other)
    if length < least:
        return np.zeros(len(many), dtype=np.float32)
    found = flat @ other / np.maximum(lengths * length, 1e-6)
    return np.where(lengths < least, 0, found).astype(np.float32)
