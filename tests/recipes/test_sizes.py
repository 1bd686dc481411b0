"""Sides follow from areas and aspects, and always fit a recipe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.recipes import sizes
from hotfolder.recipes.recipe import MAX_AREA_PX, MAX_SIDE_PX


@given(st.integers(256, MAX_AREA_PX), st.floats(1 / 2000, 2000), st.integers(1, 256))
def test_sides_always_fit_a_recipe(area: int, aspect: float, multiple: int) -> None:
    """However large the area and however long the shape, a recipe can have these sides."""
    width, height = sizes.sides(area, aspect, multiple)
    assert 16 <= width <= MAX_SIDE_PX
    assert 16 <= height <= MAX_SIDE_PX
    assert width * height <= MAX_AREA_PX


@given(st.floats(0.3, 3.3))
def test_area_and_aspect_are_met_at_usual_sizes(aspect: float) -> None:
    """At 800x800 and above the area is met within 2 % and the aspect within 1 %."""
    for area in (800 * 800, 1000 * 1000, 1920 * 1080):
        width, height = sizes.sides(area, aspect, 8)
        assert width * height == pytest.approx(area, rel=0.02)
        assert width / height == pytest.approx(aspect, rel=0.01)


@pytest.mark.parametrize("text", ["3:2", "2:3 to 3:2", "16/9", "1:16..16:1"])
def test_aspects_are_read(text: str) -> None:
    """An aspect is a ratio or a range of two."""
    low, high = sizes.aspect_range(text)
    assert low <= high


@pytest.mark.parametrize("text", ["", "wide", "3", "0:1", "17:1", "1:2 to 2:3 to 1:1"])
def test_other_texts_are_no_aspects(text: str) -> None:
    """What is no ratio, or too long a shape, gets a sentence."""
    with pytest.raises(ValueError, match="expected an aspect"):
        sizes.aspect_range(text)
