"""A part of a picture drawn anew: cut out with its surroundings, and laid back without a seam.

Outside the mask and its feather every pixel stays as it was: it is copied, never blended. The tone
of what was drawn is brought to the picture's at the rim by a membrane, a harmonic field that has
there the difference of both (Perez 2003, "Poisson image editing").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

from hotfolder.images import regions
from hotfolder.recipes.region import Region

LIBRARIES = ("numpy", "pillow", "scipy")
_COARSEST_PX = 8
_ROUNDS = 40

Array = np.ndarray[Any, np.dtype[Any]]


def cut_out(picture: Image.Image, region: Region, canvas: tuple[int, int]) -> Image.Image:
    """What lies around a region, by Lanczos at the sides (width, height) at which it is drawn."""
    left, top, width, height = region.around
    around = picture.crop((left, top, left + width, top + height))
    return around.resize(canvas, Image.Resampling.LANCZOS)


def lay_back(picture: Image.Image, drawn: Image.Image, region: Region) -> Image.Image:
    """The picture with what was drawn of a region in its place."""
    left, top, width, height = region.around
    weights = soft(regions.mask(region), region.feather)
    old = np.asarray(picture.crop((left, top, left + width, top + height)), dtype=np.float32)
    new = np.asarray(drawn.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)
    # Where less than half of it is seen, the membrane makes it the old picture.
    difference = (old - new).astype(np.float32)
    new = new + membrane(difference, weights < 0.5)
    blended = old + weights[..., None] * (new - old)
    within = np.clip(np.rint(blended), 0, 255).astype(np.uint8)
    kept = np.where(weights[..., None] > 0, within, old.astype(np.uint8))
    whole = np.array(picture)
    whole[top : top + height, left : left + width] = kept
    return Image.fromarray(whole)


def soft(mask: Any, feather_px: int) -> Array:
    """Weights, float32, 0 to 1: 1 inside a mask, exactly 0 from `feather_px` outside it on."""
    away = distance_transform_edt(~mask).astype(np.float32)
    x = np.clip(1 - away / (feather_px + 1), 0, 1)
    weights: Array = x * x * (3 - 2 * x)
    return weights


def membrane(values: Array, held: Any) -> Array:
    """(height, width, 3): `values` where `held`, and elsewhere the smoothest way between them."""
    height, width = held.shape
    if min(height, width) <= _COARSEST_PX or held.all() or not held.any():
        known = values[held].mean(0) if held.any() else np.zeros(3, np.float32)
        field = np.where(held[..., None], values, known).astype(np.float32)
    else:
        weight = held.astype(np.float32)[..., None]
        sums, counts = _halved(values * weight), _halved(weight)
        coarse = membrane(sums / np.maximum(counts, 1e-6), counts[..., 0] > 0)
        twice = np.repeat(np.repeat(coarse, 2, 0), 2, 1)[:height, :width]
        field = np.where(held[..., None], values, twice)
    for _ in range(_ROUNDS):
        padded = np.pad(field, ((1, 1), (1, 1), (0, 0)), "edge")
        around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
        field = np.where(held[..., None], values, around / 4)
    return field


def _halved(values: Array) -> Array:
    """Sums of four pixels each; an odd side is continued."""
    height, width = values.shape[:2]
    even = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    sums: Array = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return sums
