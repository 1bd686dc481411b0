"""Exact sizes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hotfolder.finishing import steps
from tests.finishing.trial import done, picture

PICTURE = picture()
NAMES = steps.names()


@pytest.mark.parametrize(
    ("size", "wanted"), [((1921, 1081), "kept"), ((1000, 700), "scaled"), ((3000, 1000), "scaled")]
)
def test_a_crop_is_exact(size: tuple[int, int], wanted: str) -> None:
    """1920x1080 comes of all; what is hardly larger loses its rim and is not blurred."""
    chance = np.random.RandomState(1)
    noise = chance.randint(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    cropped = done(Image.fromarray(noise), "crop", width=1920, height=1080)
    assert cropped.size == (1920, 1080)
    same = np.array_equal(np.asarray(cropped), noise[:1080, :1920])
    assert same == (wanted == "kept")


def test_a_crop_can_turn() -> None:
    """An upright PICTURE takes the size upright where the owner says so."""
    upright = Image.new("RGB", (60, 100))
    assert done(upright, "crop", width=90, height=40, turn=True).size == (40, 90)
    assert done(upright, "crop", width=90, height=40).size == (90, 40)
