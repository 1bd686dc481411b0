"""How alike two pictures are, whatever size, format or border they have now.

A sketch is a picture's tones at 32x32, uint8: so much of it outlives messengers, other sizes and
lossy formats. A picture that was cropped shows a window of what was sketched: every window that
leaves out at most a tenth of a side is tried, averaged to 16x16, and the best correlation counts.
Where that is high, so must be that of the steps between neighbouring tones; light, contrast, the
tones of each of 8x8 parts and the colour of each of 4x4 patches must be near: the same lighthouse
in fog, in another colour or with a sun behind it is another picture.
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
_PATCHES, _PATCHES_SEEN, _PATCHES_ONCE = 8, 4, 4  # earlier sketches have colours of 4x4 patches
# How far what is no correlation may be off where two pictures are just ALIKE: 25 times less.
_TONES_APART = 0.5  # a correlation of 0.98
_STEPS_APART = 1.2  # they suffer more than tones do: a correlation of 0.952 is enough
_COLOUR_APART = 215.0  # of 255: the colours of not three patches by more than 8.6
_COLOURS_APART = 250.0  # of 255, in an earlier sketch: by 10 in the mean
_LIGHT_APART = 1000.0  # of 255: by 40 in the mean
_CONTRAST_APART = 6.25  # of a contrast of 1: not under 0.75
_PART_APART = 8.75  # of the picture's contrast: not two parts by more than 0.35
ALIKE = 0.96
"""Correlation from which two pictures are taken for the same one."""

_SEEN = 16
_COARSE, _LEAST_COARSE, _MOST_TRIED = 4, 0.5, 16
_NEARER, _MOST_ROUNDS = (0.01, 0.005), 6  # of a side, to find a crop's edges
_CROPS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
_LEAST_CONTRAST = 3.0  # of 255: tones of less are all alike


def sketch(image: Image) -> bytes:
    """An RGB picture's tones, SIDE rows of SIDE bytes, and its colours as `_colours` has them."""
    return _shrunk(image, SIDE) + _colours(image, _PATCHES)


def is_one(data: bytes) -> bool:
    """Whether these may be a sketch; earlier ones have fewer colours or none."""
    return len(data) - _TONES in (0, 2 * _PATCHES_ONCE**2, 2 * _PATCHES**2)


def _colours(image: Image, side: int) -> bytes:
    """How blue, then how red, each of `side` x `side` patches is, 128 for neither."""
    from PIL.Image import Resampling

    small = image.resize((side, side), Resampling.BOX).convert("YCbCr")
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
    colours = _colours(image, _PATCHES_SEEN)
    rough = _correlations(_coarse(known), _coarse(seen[None])[0])
    found = [0.0] * len(sketches)
    for index in np.argsort(-rough)[:_MOST_TRIED]:
        if rough[index] >= _LEAST_COARSE:
            alike = _correlations(_windows(known[index]), seen)
            found[index] = float(alike.max())
            if found[index] >= ALIKE:
                steps, cut = _steps_alike(known[index], seen, int(alike.argmax()))
                window = _window(known[index], cut, _SEEN)
                found[index] = min(
                    1 - (1 - found[index]) / _TONES_APART,
                    1 - (1 - steps) / _STEPS_APART,
                    _light_alike(window, seen),
                    _parts_alike(window, seen),
                    _hues_alike(sketches[index][_TONES:], colours, cut),
                )
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


def _steps_alike(
    tones: NDArray[np.float32], seen: NDArray[np.float32], window: int
) -> tuple[float, list[float]]:
    """How alike the steps from tone to tone are, in the best crop near to a window of `_windows`.

    And that crop: what it leaves out above, below, left and right.

    Two pictures of one composition have the same tones, on the whole; their steps differ.
    """
    import numpy as np

    down, across = divmod(window, len(_crops()))
    cut = [*_crops()[down], *_crops()[across]]
    steps = _steps(seen)

    def alike(edges: Sequence[float]) -> float:
        return float(_correlations(_steps(_window(tones, edges, _SEEN))[None], steps)[0])

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
    return best, cut


def _window(means: NDArray[np.float32], cut: Sequence[float], seen: int) -> NDArray[np.float32]:
    """What a crop shows at `seen` x `seen`; `cut` as `_steps_alike` has it."""
    above, below, left, right = cut
    rows = _sampling(above, below, len(means), seen)
    columns = _sampling(left, right, len(means), seen)
    window: NDArray[np.float32] = (rows @ means @ columns.T).astype("float32", copy=False)
    return window


def _light_alike(known: NDArray[np.float32], seen: NDArray[np.float32]) -> float:
    """How near light and contrast of two pictures are, 1 for the same."""
    contrasts = sorted(float(tones.std()) for tones in (known, seen))
    light = abs(float(known.mean() - seen.mean())) / _LIGHT_APART
    contrast = (1 - contrasts[0] / contrasts[1]) / _CONTRAST_APART
    return 1 - max(light, contrast)


def _parts_alike(known: NDArray[np.float32], seen: NDArray[np.float32]) -> float:
    """How near the tones of two pictures are, part by part, whatever their light: 1 is the same.

    The part that differs most does not count: what a crop cuts through may differ.
    """
    import numpy as np

    shares = [(tones - tones.mean()) / max(float(tones.std()), 1e-6) for tones in (known, seen)]
    half = len(seen) // 2
    apart = np.abs((shares[0] - shares[1]).reshape(half, 2, half, 2).mean(axis=(1, 3)))
    return 1 - float(np.sort(apart, axis=None)[-2]) / _PART_APART


def _hues_alike(known: bytes, seen: bytes, cut: Sequence[float]) -> float:
    """How near the colours of two pictures are, 1 for the same; 1 as well where none are known.

    Two patches may differ: those that a crop cuts through.
    """
    import numpy as np

    if len(known) == len(seen):
        apart = sum(abs(one - other) for one, other in zip(known, seen, strict=True))
        return 1 - apart / len(known) / _COLOURS_APART
    if not known:
        return 1.0
    planes, here = (
        np.frombuffer(hues, np.uint8).astype(np.float32).reshape(2, side, side)
        for hues, side in ((known, _PATCHES), (seen, _PATCHES_SEEN))
    )
    there = np.stack([_window(plane, cut, _PATCHES_SEEN) for plane in planes])
    apart = np.hypot(*(there - here))
    return 1 - float(np.sort(apart, axis=None)[-3]) / _COLOUR_APART


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


def _sampling(
    before: float, behind: float, known: int = SIDE, seen: int = _SEEN
) -> NDArray[np.float32]:
    """For a crop of one direction, how much of each of `known` means is in each of `seen`."""
    import numpy as np

    mean = np.arange(known)[None, :]
    edges = known * np.linspace(before, 1 - behind, seen + 1)
    begin, end = edges[:-1, None], edges[1:, None]
    weights = np.clip(np.minimum(end, mean + 1) - np.maximum(begin, mean), 0, None)
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
