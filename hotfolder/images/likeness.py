"""How alike two pictures are, whatever size, format or border they have now.

A sketch is a picture's tones at 32x32, uint8: so much of it outlives messengers, other sizes and
lossy formats. A picture that was cropped shows a window of what was sketched: every window that
leaves out at most a tenth of a side is tried, averaged to 16x16, and the best correlation counts.
Where that is high, so must be that of the steps between neighbouring tones, and the colours of
4x4 patches must be near: the same lighthouse at dusk is another picture.
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
_TONES = SIDE**2  # bytes
_PATCHES = 4
_STEPS_APART = 1.2  # they suffer more than tones do: a correlation of 0.952 is enough
_COLOURS_APART = 250.0  # of 255: a mean difference of 10 is as unlike as pictures may be
ALIKE = 0.96
"""Correlation from which two pictures are taken for the same one."""

_SEEN = 16
_COARSE, _LEAST_COARSE, _MOST_TRIED = 4, 0.5, 16
_NEARER, _MOST_ROUNDS = (0.01, 0.005), 6  # of a side, to find a crop's edges
_CROPS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
_LEAST_CONTRAST = 3.0  # of 255: tones of less are all alike


def sketch(image: Image) -> bytes:
    """An RGB picture's tones, SIDE rows of SIDE bytes, and its colours as `_colours` has them."""
    return _shrunk(image, SIDE) + _colours(image)


def is_one(data: bytes) -> bool:
    """Whether these may be a sketch; earlier ones have no colours."""
    return len(data) in (_TONES, _TONES + 2 * _PATCHES**2)


def _colours(image: Image) -> bytes:
    """How blue, then how red, each of _PATCHES x _PATCHES parts is, 128 for neither."""
    from PIL.Image import Resampling

    small = image.resize((_PATCHES, _PATCHES), Resampling.BOX).convert("YCbCr")
    return b"".join(band.tobytes() for band in small.split()[1:])


def _shrunk(image: Image, side: int) -> bytes:
    from PIL.Image import Resampling

    return image.convert("L").resize((side, side), Resampling.BOX).tobytes()


def scores(image: Image, sketches: Sequence[bytes]) -> list[float]:
    """How alike a picture is to each of these sketches, -1 to 1; 0 for those without contrast."""
    import numpy as np

    if not sketches:
        return []
    seen = _tones([_shrunk(image, _SEEN)], _SEEN)[0]
    known = _tones([sketch[:_TONES] for sketch in sketches], SIDE)
    colours = _colours(image)
    rough = _correlations(_coarse(known), _coarse(seen[None])[0])
    found = [0.0] * len(sketches)
    for index in np.argsort(-rough)[:_MOST_TRIED]:
        if rough[index] >= _LEAST_COARSE:
            alike = _correlations(_windows(known[index]), seen)
            found[index] = float(alike.max())
            if found[index] >= ALIKE:
                steps = _steps_alike(known[index], seen, int(alike.argmax()))
                edges = 1 - (1 - steps) / _STEPS_APART
                hues = _hues_alike(sketches[index][_TONES:], colours)
                found[index] = min(found[index], edges, hues)
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


def _steps_alike(tones: NDArray[np.float32], seen: NDArray[np.float32], window: int) -> float:
    """How alike the steps from tone to tone are, in the best crop near to a window of `_windows`.

    Two pictures of one composition have the same tones, on the whole; their steps differ.
    """
    import numpy as np

    down, across = divmod(window, len(_crops()))
    cut = [*_crops()[down], *_crops()[across]]
    steps = _steps(seen)

    def alike(edges: Sequence[float]) -> float:
        rows, columns = _sampling(*edges[:2]), _sampling(*edges[2:])
        window: NDArray[np.float32] = (rows @ tones @ columns.T).astype(np.float32, copy=False)
        return float(_correlations(_steps(window)[None], steps)[0])

    best = alike(cut)
    for width in _NEARER:
        for _ in range(_MOST_ROUNDS):
            tries = [
                [*cut[:edge], max(0.0, cut[edge] + by), *cut[edge + 1 :]]
                for edge in range(4)
                for by in (-width, width)
            ]
            found = [alike(one) for one in tries]
            nearest = int(np.argmax(found))
            if found[nearest] <= best:
                break
            best, cut = found[nearest], tries[nearest]
    return best


def _hues_alike(known: bytes, seen: bytes) -> float:
    """How near the colours of two pictures are, 1 for the same; 1 as well where none are known."""
    apart = sum(abs(one - other) for one, other in zip(known, seen, strict=False))
    return 1 - apart / max(1, len(known)) / _COLOURS_APART


def _steps(tones: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    across, down = np.diff(tones, axis=1)[:-1], np.diff(tones, axis=0)[:, :-1]
    return np.stack([across, down]).astype(np.float32, copy=False)


@cache
def _crops() -> tuple[tuple[float, float], ...]:
    """What may be left out of one direction, before and behind."""
    pairs = ((before, behind) for before in _CROPS for behind in _CROPS)
    return tuple(pair for pair in pairs if sum(pair) <= 0.1001)


@cache
def _samplings() -> NDArray[np.float32]:
    """The samplings of all crops of one direction."""
    import numpy as np

    return np.array([_sampling(*crop) for crop in _crops()], dtype=np.float32)


def _sampling(before: float, behind: float) -> NDArray[np.float32]:
    """For a crop of one direction, how much of each tone is in each mean of what is left."""
    import numpy as np

    tone = np.arange(SIDE)[None, :]
    edges = SIDE * np.linspace(before, 1 - behind, _SEEN + 1)
    begin, end = edges[:-1, None], edges[1:, None]
    weights = np.clip(np.minimum(end, tone + 1) - np.maximum(begin, tone), 0, None)
    found: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


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
