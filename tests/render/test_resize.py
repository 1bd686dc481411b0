"""Fitting, padding and cropping keep the picture whole and in the middle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hotfolder.recipes.sizes import render_sides
from hotfolder.render import resize

side = st.integers(16, 120)


@given(width=side, height=side, multiple=st.sampled_from([8, 16, 64]), seed=st.integers(0, 99))
def test_crop_undoes_pad(width: int, height: int, multiple: int, seed: int) -> None:
    """Padded to what a model takes and cropped again, a picture is unchanged."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    sides = render_sides(width, height, multiple)
    padded = resize.pad(image, sides)
    assert padded.size == sides
    assert np.array_equal(np.asarray(resize.crop(padded, image.size)), pixels)


@given(source=st.tuples(side, side), sides=st.tuples(side, side))
def test_a_fitted_picture_has_the_sides_asked_for(
    source: tuple[int, int], sides: tuple[int, int]
) -> None:
    """Whatever the source's shape and mode, the result is RGB of exactly these sides."""
    fitted = resize.fit(Image.new("RGBA", source, "red"), sides)
    assert (fitted.size, fitted.mode) == (sides, "RGB")
    assert fitted.getpixel((0, 0)) == (255, 0, 0)


def test_a_picture_that_fits_is_left_alone() -> None:
    """A source of the right sides keeps its pixels bit for bit."""
    pixels = np.random.default_rng(1).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    fitted = resize.fit(Image.fromarray(pixels), (56, 40))
    assert np.array_equal(np.asarray(fitted), pixels)


def test_another_aspect_is_cropped_in_the_middle() -> None:
    """A wide source for a square picture loses its two ends alike, and is not squeezed."""
    source = Image.new("RGB", (120, 40), "black")
    source.paste("white", (40, 0, 80, 40))
    fitted = np.asarray(resize.fit(source, (40, 40)))
    assert (fitted == 255).all()


def test_padding_continues_the_edges() -> None:
    """The margin repeats the outermost pixels; the picture lies in the middle of it."""
    source = Image.new("RGB", (2, 1), "red")
    source.putpixel((1, 0), (0, 0, 255))
    padded = np.asarray(resize.pad(source, (4, 3)))
    assert (padded[:, :2] == (255, 0, 0)).all()
    assert (padded[:, 2:] == (0, 0, 255)).all()


def test_a_canvas_that_is_too_small_is_refused() -> None:
    """Padding to less and cropping to more than there is are mistakes."""
    with pytest.raises(ValueError, match="does not lie within"):
        resize.crop(Image.new("RGB", (8, 8)), (9, 8))
