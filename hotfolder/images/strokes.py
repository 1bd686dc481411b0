"""What somebody painted into a copy of a picture: a closed line or a blot, of one pure colour.

It is found by comparing the copy with the picture as it was. What saving does to all of it, noise,
another tone, another size, is told apart from what a brush does to a part of it.
"""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

from hotfolder.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST_PX = 30
_LEAST_EXTENT_PX = 12
_GAPS_PX = (0, 1, 2, 3, 5, 7)  # of a line that is not quite closed, halved
_PURE = 85  # of 255, that a pure colour's channels may be from their end
_ALIKE = 90  # of 255, within which pixels are of the stroke's colour
_OPEN = (
    "the line that is painted into it is not closed, or the picture has the same colour there; "
    "close it, or paint it in another colour"
)
_MOST_COMPARED_PX = 1_500_000

Array = Any


def find(edited: bytes, copy: Image, original: Image) -> Array | None:
    """Where `copy` is marked: bool, (height, width) of the original; None where no brush was.

    `edited` is the copy's file: a JPEG's losses are those of its own tables. Raises PictureError
    with a sentence for a line that marks nothing.
    """
    import numpy as np
    from PIL.Image import Resampling, fromarray

    if abs(copy.width / copy.height - original.width / original.height) > 0.02:
        return None
    small = min(1.0, (_MOST_COMPARED_PX / (original.width * original.height)) ** 0.5)
    size = (round(original.width * small), round(original.height * small))
    scaled = copy.size != original.size or size != original.size
    was = _as_saved(original, edited) if copy.size == original.size else original
    now = copy.convert("RGB").resize(size, Resampling.BOX if scaled else Resampling.NEAREST)
    was = was.convert("RGB").resize(size, Resampling.BOX if scaled else Resampling.NEAREST)
    a, b = np.asarray(now, dtype=float), np.asarray(was, dtype=float)
    is_blurred = scaled or edited[:4] == b"RIFF"  # a WebP keeps colours at half the size
    mark = _mark(a, _toned(a, b), 2 if is_blurred else 1)
    if mark is None:
        return None
    region = _enclosed(mark)
    back = fromarray(region.astype(np.uint8) * 255).resize(original.size, Resampling.BILINEAR)
    return np.asarray(back) > 127


def _mark(a: Array, b: Array, radius: int) -> Array | None:
    """The pixels of a stroke of one pure colour; None where there is none."""
    import numpy as np
    from scipy import ndimage

    around = (2 * radius + 1, 2 * radius + 1, 1)
    low, high = ndimage.minimum_filter(b, around), ndimage.maximum_filter(b, around)
    off = np.maximum(0, np.maximum(a - high, low - a)).max(-1)
    noise = float(np.quantile(off, 0.8))
    weak, strong = off > 14 + 2 * noise, off > 30 + 4 * noise
    if not strong.any():
        return None
    core = ndimage.binary_dilation(strong, iterations=12, mask=weak)
    if core.sum() < _LEAST_PX:
        return None
    colours = a[core]
    # Soft edges and a JPEG's coarse colours mix it with the picture: the purest fifth says most.
    purity = np.abs(colours - 127.5).min(-1)
    colour = np.median(colours[purity >= np.quantile(purity, 0.8)], axis=0)
    is_pure = ((colour <= _PURE) | (colour >= 255 - _PURE)).all()
    share = (np.abs(colours - colour).max(-1) < _ALIKE).mean()
    # No lossy file moves pixels as far as a brush does.
    if not is_pure or share < 0.45 or np.quantile(off[core], 0.8) < 70:
        return None
    return _without_specks(ndimage.binary_closing(np.pad(core, 2), iterations=1)[2:-2, 2:-2])


def _without_specks(mark: Array) -> Array | None:
    """The large connected parts of a mark; None where there is none, as of a lossy file."""
    import numpy as np
    from scipy import ndimage

    numbered, count = ndimage.label(mark, structure=np.ones((3, 3), int))
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(sizes >= max(2 * _LEAST_PX, sizes.max() / 10)) + 1
    boxes = ndimage.find_objects(numbered)
    large = [n for n in kept if max(s.stop - s.start for s in boxes[n - 1]) >= _LEAST_EXTENT_PX]
    return np.isin(numbered, large) if large else None


def _enclosed(mark: Array) -> Array:
    """What a line encloses, with the line, or a blot; PictureError for a line that is open."""
    import numpy as np
    from scipy import ndimage

    for gap in _GAPS_PX:
        wall = ndimage.binary_dilation(mark, iterations=gap) if gap else mark
        inside = ndimage.binary_fill_holes(wall) & ~wall
        if gap and inside.any():
            inside = ndimage.binary_dilation(inside, iterations=gap)
        if inside.sum() > max(60, mark.sum() * 0.6):
            return inside | mark
    thickness = ndimage.distance_transform_edt(np.pad(mark, 1)).max()
    rows, columns = np.flatnonzero(mark.any(1)), np.flatnonzero(mark.any(0))
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    if thickness * 2 < 0.25 * extent:
        raise PictureError(_OPEN)
    return mark


def _toned(a: Array, b: Array) -> Array:
    """`b` in the tones of `a`: a curve for each channel, through medians, that no stroke moves."""
    import numpy as np

    toned = b.copy()
    for channel in range(3):
        now, was = a[..., channel].ravel(), b[..., channel].ravel()
        bins = (was // 16).astype(int)
        order = np.argsort(bins, kind="stable")
        ends = np.searchsorted(bins[order], np.arange(17))
        pairs = [
            (np.median(was[order[i:j]]), np.median(now[order[i:j]]))
            for i, j in itertools.pairwise(ends)
            if j - i > 60
        ]
        if len(pairs) < 2:
            continue
        knots, values = np.array(pairs).T
        weights = np.ones(len(knots))
        basis = np.stack([knots, np.ones(len(knots))], 1)
        for _ in range(8):  # a line first; knots that a large mark spoilt fall back to it
            (slope, rise), *_ = np.linalg.lstsq(
                basis * weights[:, None], values * weights, rcond=None
            )
            weights = 1 / (1 + np.abs(values - slope * knots - rise) / 4)
        line = slope * knots + rise
        values = np.where(np.abs(values - line) < 16, values, line)
        if 0.4 < slope < 2.5:
            toned[..., channel] += np.interp(b[..., channel], knots, values - knots)
    return toned


def _as_saved(original: Image, edited: bytes) -> Image:
    """The original with the losses that a JPEG of these tables has; as it is for other files."""
    from PIL import Image, JpegImagePlugin

    try:
        file = Image.open(io.BytesIO(edited), formats=("JPEG",))
    except OSError:
        return original
    assert isinstance(file, JpegImagePlugin.JpegImageFile)  # noqa: S101 - it was opened as one
    sampling = JpegImagePlugin.get_sampling(file)
    buffer = io.BytesIO()
    settings = {"qtables": file.quantization, "subsampling": max(0, sampling)}
    original.convert("RGB").save(buffer, "JPEG", **settings)
    return Image.open(buffer).convert("RGB")
