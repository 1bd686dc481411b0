"""From a coarse map of a subject to its outline in the picture: edges, and colours near it.

A guided filter (He 2010) moves the map to the picture's edges; a small cut (Rother 2004, "GrabCut",
with histograms in place of mixtures) weighs it against the colours within and around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import binary_fill_holes, label, maximum, uniform_filter, zoom

if TYPE_CHECKING:
    from PIL.Image import Image

Array = np.ndarray[Any, np.dtype[Any]]

_SIDE_PX = 256  # the cut is made at about this size
_CUT = 0.35  # of the map, which says as much as nothing there
_SURE = 0.7
_PEAK = 0.75  # of the map's highest value that a part has to reach
_LEAST_PX = 30
_BINS = 12
_ROUNDS = 4


def outline(found: Array, picture: Image) -> Array:
    """The mask, bool, (height, width) of a picture, of what a map of any size shows."""
    scale = _SIDE_PX / (picture.width * picture.height) ** 0.5
    small = picture.convert("RGB")
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in picture.size)
        small = small.resize((width, height))
    pixels = np.asarray(small)
    shown = unit(enlarged(found, pixels.shape[:2]))
    prior = np.clip(0.5 + (shown - _CUT) * 1.6, 0.05, 0.95)
    mask = _whole(_cut(prior, pixels) > _SURE, shown)
    return enlarged(mask.astype(float), (picture.height, picture.width)) > 0.5


def unit(found: Array) -> Array:
    """A map from 0, for all but the least, to 1."""
    low, high = np.percentile(found, 2), found.max()
    whole: Array = np.clip((found - low) / max(high - low, 1e-9), 0, 1)
    return whole


def enlarged(found: Array, sides: tuple[int, int]) -> Array:
    """A map at (height, width), by cubic splines between the middles of its cells."""
    factors = [wanted / had for wanted, had in zip(sides, found.shape, strict=True)]
    larger: Array = zoom(found.astype(float), factors, order=3, mode="nearest", grid_mode=True)
    return larger


def _whole(mask: Array, shown: Array) -> Array:
    """The parts of a mask that reach the peak, without their holes."""
    parts, count = label(mask)
    numbers = np.arange(1, count + 1)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    peaks = np.asarray(maximum(shown, parts, numbers)) if count else np.zeros(0)
    kept = numbers[(peaks > _PEAK * shown.max()) & (sizes > _LEAST_PX)]
    filled: Array = binary_fill_holes(np.isin(parts, kept))
    return filled


def _cut(prior: Array, pixels: Array) -> Array:
    """How likely each pixel belongs to a subject that lies where `prior` says, 0 to 1."""
    bins = pixels.astype(int) * _BINS // 256
    code = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    likely = prior = np.clip(prior, 0.02, 0.98)
    for _ in range(_ROUNDS):
        near = _box((likely > 0.5).astype(float), 24) > 0.01
        within = np.bincount(code.ravel(), likely.ravel(), _BINS**3) + 0.5
        around = np.bincount(code.ravel(), ((1 - likely) * near).ravel(), _BINS**3) + 0.5
        ratio = np.log(within / within.sum() / (around / around.sum()))
        logit = np.log(prior / (1 - prior)) + np.clip(ratio, -4, 4)[code]
        likely = _guided(1 / (1 + np.exp(-logit)), pixels, 5).clip(0.02, 0.98)
    return likely


def _guided(found: Array, pixels: Array, radius: int, epsilon: float = 1e-3) -> Array:
    """A map that follows a picture's edges (guided filter with a guide in colours)."""
    guide = pixels / 255.0
    mean, mean_found = _box(guide, radius), _box(found, radius)
    both = _box(guide * found[..., None], radius) - mean * mean_found[..., None]
    spread = _box(guide[..., :, None] * guide[..., None, :], radius)
    spread += epsilon * np.eye(3) - mean[..., :, None] * mean[..., None, :]
    slope = np.linalg.solve(spread, both[..., None])[..., 0]
    level = mean_found - (slope * mean).sum(-1)
    smooth: Array = (_box(slope, radius) * guide).sum(-1) + _box(level, radius)
    return smooth


def _box(values: Array, radius: int) -> Array:
    """The mean of a square of pixels around each, for each channel."""
    size = (2 * radius + 1, 2 * radius + 1, *[1] * (values.ndim - 2))
    mean: Array = uniform_filter(values, size, mode="nearest")
    return mean
