"""Where the weight of a picture lies."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from hotfolder.images.composition import canvas
from hotfolder.images.measures import layout


def _picture(x: float, y: float, horizon: float = 0.6, size: tuple[int, int] = (200, 150)) -> dict:
    """What is named of a sea with a dark disc at x, y (0 to 1)."""
    width, height = size
    image = Image.new("RGB", size, (120, 170, 220))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, int(horizon * height), width, height), fill=(30, 60, 90))
    at = (x * width, y * height)
    draw.ellipse((at[0] - 14, at[1] - 14, at[0] + 14, at[1] + 14), fill=(20, 15, 10))
    numbers = layout.measure(canvas.of(image))
    return dict(zip(layout.NAMED, numbers.tolist(), strict=False))


def test_left_and_right_low_and_high() -> None:
    """A subject's place is told in both directions, a mirrored one's with the other sign."""
    left, right = _picture(0.2, 0.5), _picture(0.8, 0.5)
    assert left["subject to the right"] < -0.4 < 0.4 < right["subject to the right"]
    assert _picture(0.5, 0.2)["subject low"] < _picture(0.5, 0.5)["subject low"] - 0.3


def test_the_horizon_is_where_rows_change() -> None:
    """A low horizon is told from a high one."""
    low, high = _picture(0.5, 0.2, horizon=0.8), _picture(0.5, 0.2, horizon=0.35)
    assert low["horizon low"] > high["horizon low"] + 0.5


def test_shape_and_symmetry() -> None:
    """The aspect is a logarithm, and what is even on both sides is not asymmetric."""
    assert _picture(0.5, 0.5, size=(150, 150))["width"] == 0
    assert _picture(0.5, 0.5, size=(300, 150))["width"] > 0.6
    assert _picture(0.5, 0.5)["asymmetry"] < _picture(0.2, 0.5)["asymmetry"]


def test_shares_add_up() -> None:
    """So a linear judge can like any place."""
    numbers = layout.measure(canvas.of(Image.effect_noise((90, 60), 80).convert("RGB")))
    shares = numbers[len(layout.NAMED) :]
    assert np.isclose(shares[:16].sum(), 4) and np.isclose(shares[16:32].sum(), 4)
