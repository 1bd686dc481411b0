"""A part of a picture drawn anew: nothing else changes, and no seam is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt

from hotfolder.images import regions
from hotfolder.render import retouch

SIZE = (320, 240)


def scene(seed: int) -> Image.Image:
    """A sky with a gradient, hills and a little noise."""
    chance = np.random.RandomState(seed)
    y, x = np.mgrid[0:240, 0:320]
    hills = y > 150 + 30 * np.sin(x / chance.uniform(20, 60))
    tones = np.stack([200 - y / 2, 120 + x / 4, 90 + y / 3], -1)
    pixels = np.where(hills[..., None], tones * 0.5, tones) + chance.normal(0, 2, (240, 320, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def ellipse(seed: int) -> Any:
    chance = np.random.RandomState(seed)
    left, top = chance.randint(0, 220), chance.randint(0, 150)
    mask = Image.new("L", SIZE)
    box = (left, top, left + chance.randint(30, 100), top + chance.randint(30, 90))
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return np.asarray(mask) > 127


def redrawn(picture: Image.Image, region: Any, seed: int) -> Image.Image:
    """What a model might make of it: another tone, another gradient, other detail."""
    cut = np.asarray(retouch.cut_out(picture, region, (256, 256)), dtype=float)
    chance = np.random.RandomState(seed)
    tilt = np.linspace(-12, 12, 256)[None, :, None]
    other = cut + chance.uniform(-18, 18, 3) + tilt + chance.normal(0, 2, cut.shape)
    return Image.fromarray(np.clip(other, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("seed", range(6))
def test_outside_every_pixel_stays(seed: int) -> None:
    """Beyond the feather the bits are the picture's own; the feather is an eighth at most."""
    picture, mask = scene(seed), ellipse(seed)
    region = regions.with_surroundings(regions.region(mask), picture.size, 64)
    made = retouch.lay_back(picture, redrawn(picture, region, seed), region)
    changed = (np.asarray(made) != np.asarray(picture)).any(-1)
    away = distance_transform_edt(~mask)
    assert made.size == picture.size and changed[mask].mean() > 0.5
    assert not changed[away > region.feather].any()
    assert region.feather <= max(1, min(region.width, region.height) // 8)


@pytest.mark.parametrize("seed", range(6))
def test_no_step_of_tone_is_left_at_the_rim(seed: int) -> None:
    """A tone that is 18 off comes back to the picture's own within 2 of 255 there."""
    picture, mask = scene(seed), ellipse(seed)
    region = regions.with_surroundings(regions.region(mask), picture.size, 64)
    left, top, width, height = region.around
    old = np.asarray(picture.crop((left, top, left + width, top + height)), dtype=np.float32)
    drawn = redrawn(picture, region, seed).resize((width, height), Image.Resampling.LANCZOS)
    held = retouch.soft(regions.mask(region), region.feather) < 0.5
    before = np.asarray(drawn, dtype=np.float32)
    matched = before + retouch.membrane(old - before, held)
    inner = (distance_transform_edt(~held) <= 2) & ~held
    step = np.abs((matched - old)[inner].mean(0))
    assert np.abs((before - old)[inner].mean(0)).max() > 2
    assert step.max() < 2


def test_twenty_rounds_move_nothing_else() -> None:
    """The same part drawn anew twenty times: all that lies outside is as at first."""
    first, mask = scene(3), ellipse(3)
    region = regions.with_surroundings(regions.region(mask), first.size, 64)
    picture = first
    for seed in range(20):
        picture = retouch.lay_back(picture, redrawn(picture, region, seed), region)
    outside = distance_transform_edt(~mask) > region.feather
    assert (np.asarray(picture)[outside] == np.asarray(first)[outside]).all()


def test_a_membrane_is_smooth_between_what_it_holds() -> None:
    """A tilted plane comes back as that plane, from its rim alone."""
    y, x = np.mgrid[0:97, 0:130].astype(np.float32)
    plane = np.stack([x / 3, y / 2, 40 - x / 5], -1)
    held = np.ones((97, 130), bool)
    held[20:80, 30:110] = False
    field = retouch.membrane(np.where(held[..., None], plane, 0).astype(np.float32), held)
    assert np.abs(field - plane).max() < 1.5
    assert (field[held] == plane[held]).all()
