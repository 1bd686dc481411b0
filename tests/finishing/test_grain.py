"""Grain as film has it."""

from __future__ import annotations

import pytest
from PIL import Image

from hotfolder.finishing import steps
from tests.finishing.trial import done, picture, values

PICTURE = picture()
NAMES = steps.names()


def test_grain_lies_in_lightness_and_in_middle_tones() -> None:
    """Grey stays grey, and black has less of it than the middle."""
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    grained = values(done(grey, "grain", amount=0.5))
    assert (grained[..., 0] == grained[..., 2]).all()
    dark = values(done(Image.new("RGB", (64, 64), (8, 8, 8)), "grain", amount=0.5))
    assert dark[..., 0].std() < 0.5 * grained[..., 0].std()
    assert grained[..., 0].std() == pytest.approx(16, rel=0.1)
