"""Masks that people paint, and the regions that recipes keep of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import regions
from hotfolder.recipes.region import trouble

SIZE = (300, 200)


def blank() -> Any:
    return np.zeros((200, 300), bool)


def painted(mask: Any) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_mask_comes_back_as_it_was(seed: int) -> None:
    """Every pixel of any region, within what is cut out around it; all of it in the picture."""
    chance = np.random.RandomState(seed)
    mask = blank()
    for _ in range(chance.randint(1, 4)):
        y, x = chance.randint(0, 200), chance.randint(0, 300)
        mask[y : y + chance.randint(5, 80), x : x + chance.randint(5, 80)] = True
    mask &= chance.rand(200, 300) < 0.97
    region = regions.with_surroundings(regions.region(mask), SIZE, 64)
    left, top, width, height = region.around
    assert (regions.mask(region) == mask[top : top + height, left : left + width]).all()
    assert regions.mask(region).sum() == mask.sum()
    assert trouble(region, SIZE) == ""
    assert region.feather <= max(1, min(region.width, region.height) // 8)


def test_regions_far_apart_are_drawn_one_by_one() -> None:
    """The largest first; near ones are one, and what a brush let fall beside them is none."""
    mask = blank()
    mask[20:60, 20:80] = True
    mask[64:80, 20:80] = True
    mask[150:190, 240:280] = True
    mask[100, 150:152] = True
    large, small = regions.read(painted(mask), SIZE)
    assert (large.left, large.top, large.width, large.height) == (20, 20, 60, 60)
    assert (small.left, small.top) == (240, 150)


def test_around_a_region_lies_as_much_again() -> None:
    """Twice its longer side is cut out, less at the picture's edge, and never too little."""
    mask = blank()
    mask[90:110, 130:170] = True
    region = regions.region(mask)
    assert region.around == (130, 90, 40, 20)
    assert regions.with_surroundings(region, SIZE, 16).around == (102, 52, 96, 96)
    assert regions.with_surroundings(region, SIZE, 150).around[2:] == (150, 150)
    corner = blank()
    corner[:30, :30] = True
    region = regions.with_surroundings(regions.region(corner), SIZE, 16)
    assert region.around == (0, 0, 76, 76)


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (Image.new("L", (299, 200), 255), "it has 299x200 pixels and the picture 300x200"),
        (Image.new("L", SIZE, 0), "nothing in it is white"),
        (Image.new("RGB", SIZE, "white"), "all of it is white"),
        (painted(np.eye(200, 300, dtype=bool) & (np.arange(300) < 9)), "too small"),
    ],
)
def test_a_mask_that_is_none_is_told(mask: Image.Image, says: str) -> None:
    """What is wrong with it, and what to do."""
    with pytest.raises(PictureError, match=says):
        regions.read(mask, SIZE)


def test_a_mask_of_very_many_parts_is_told() -> None:
    """A small file of dots, of which each would be compared with each, takes no time."""
    mask = np.zeros((2000, 2000), bool)
    for row in range(4):
        for column in range(4):
            mask[row::8, column::8] = True
    with pytest.raises(PictureError, match="62,500 parts"):
        regions.read(painted(mask), (2000, 2000))


def test_a_ragged_mask_is_told() -> None:
    """A recipe holds no region whose edge is everywhere."""
    with pytest.raises(PictureError, match="too ragged"):
        regions.of(np.indices((600, 600)).sum(0) % 2 == 0)


def test_a_region_that_does_not_fit_is_refused() -> None:
    """Runs from anywhere that are not those of the box end in a sentence."""
    from msgspec.structs import replace

    mask = blank()
    mask[20:60, 20:80] = True
    region = regions.with_surroundings(regions.region(mask), SIZE, 32)
    with pytest.raises(PictureError, match="does not fit its size"):
        regions.mask(replace(region, runs="0.99999"))
    assert trouble(region, (50, 50)) and trouble(replace(region, left=100), SIZE)
