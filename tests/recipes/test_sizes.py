"""Sides in px from areas and aspects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.recipes import sizes
from hotfolder.recipes.recipe import MAX_SIDE_PX, MIN_SIDE_PX

aspects = st.floats(1 / sizes.MAX_ASPECT, sizes.MAX_ASPECT)


@given(st.integers(800**2, 4096**2), aspects, st.sampled_from([8, 16]))
@settings(max_examples=300)
def test_large_pictures_are_exact(area_px: int, aspect: float, multiple: int) -> None:
    """From 800x800 on the area is met within 2 % and the aspect within 1 %."""
    width, height = sizes.sides(area_px, aspect, multiple)
    assert width * height == pytest.approx(area_px, rel=0.02)
    assert width / height == pytest.approx(aspect, rel=0.01)


@given(st.integers(128**2, 384**2), st.floats(1 / 3, 3))
@settings(max_examples=200)
def test_small_models_render_nothing_in_vain(area_px: int, aspect: float) -> None:
    """Where cropping would cost much, the sides are multiples, each off by one multiple at most."""
    width, height = sizes.sides(area_px, aspect, 16)
    assert (width, height) == sizes.render_sides(width, height, 16)
    assert abs(width - (area_px * aspect) ** 0.5) <= 16
    assert abs(height - (area_px / aspect) ** 0.5) <= 16


def test_nearest_multiples() -> None:
    """The example that every new studio draws: 256x256 at 3:2 on multiples of 16."""
    assert sizes.sides(256 * 256, 1.5, 16) == (320, 208)
    assert sizes.sides(256 * 256, 1.0, 16) == (256, 256)


@given(st.integers(16**2, 50_000_000), st.floats(1e-3, 1e3), st.integers(1, 256))
@settings(max_examples=300)
def test_sides_fit_a_recipe(area_px: int, aspect: float, multiple: int) -> None:
    """Whatever is asked for, the sides are ones that a recipe may have."""
    for side in sizes.sides(area_px, aspect, multiple):
        assert MIN_SIDE_PX <= side <= MAX_SIDE_PX


@given(st.integers(16, 4096), st.integers(16, 4096), st.integers(1, 256))
def test_render_sides(width: int, height: int, multiple: int) -> None:
    """A picture is rendered at the next multiples, never smaller than itself."""
    for side, wanted in zip(
        sizes.render_sides(width, height, multiple), (width, height), strict=True
    ):
        assert side % multiple == 0
        assert wanted <= side < wanted + multiple


@given(st.sampled_from(["2:3 to 3:2", "1:1..16:9", "3:2", "9:16 to 9:16"]), st.floats(0, 1))
def test_aspects_stay_in_their_range(text: str, fraction: float) -> None:
    """No fraction leads out of the range."""
    low, high = sizes.aspect_range(text)
    assert low * (1 - 1e-12) <= sizes.aspect_at(text, fraction) <= high * (1 + 1e-12)


def test_the_middle_of_mirrored_aspects_is_square() -> None:
    """On the logarithmic scale 2:3 and 3:2 are equally far from 1:1."""
    assert sizes.aspect_at("2:3 to 3:2", 0.5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [("800x600", (800, 600)), (" 800 X 600 ", (800, 600)), ("16\u00d716", (16, 16))],
)
def test_size(text: str, found: tuple[int, int]) -> None:
    """Sizes are read as people write them."""
    assert sizes.size(text) == found


@pytest.mark.parametrize(
    "text", ["", "800", "800x", "15x800", "800x16385", "16000x4001", "-8x8", "1e3x800", "9999999x9"]
)
def test_size_refuses(text: str) -> None:
    """A size that no picture can have is a ValueError with a sentence."""
    with pytest.raises(ValueError, match=r"^expected"):
        sizes.size(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3:2", (1.5, 1.5)),
        ("3:2 to 2:3", (2 / 3, 1.5)),
        ("16/9", (16 / 9, 16 / 9)),
        ("2.39:1", (2.39, 2.39)),
        ("1:1 .. 2:1", (1, 2)),
    ],
)
def test_aspect_range(text: str, found: tuple[float, float]) -> None:
    """Aspects are read as people write them, in either order."""
    assert sizes.aspect_range(text) == pytest.approx(found)


@pytest.mark.parametrize(
    "text", ["", "3", "0:1", "1:0", "3:2 to", "1:1 to 2:1 to 3:1", "17:1", "1:17", "9" * 400 + ":1"]
)
def test_aspect_range_refuses(text: str) -> None:
    """What is no aspect is a ValueError with a sentence."""
    with pytest.raises(ValueError, match=r"^expected"):
        sizes.aspect_range(text)
