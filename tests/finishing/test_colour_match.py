"""Colours come back."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hotfolder.finishing import steps
from hotfolder.finishing.given import Given
from tests.finishing.trial import picture, values

PICTURE = picture()
NAMES = steps.names()


def test_colours_are_those_of_the_picked_picture() -> None:
    """A PICTURE that has become dull and red has the colours again that it had."""
    dull = Image.fromarray(np.clip(values(PICTURE) * 0.6 + [70, 20, 10], 0, 255).astype(np.uint8))
    matched = steps.apply([("colour-match", {})], dull, Given(PICTURE))
    assert np.abs(values(dull).mean((0, 1)) - values(PICTURE).mean((0, 1))).max() > 15
    assert np.abs(values(matched).mean((0, 1)) - values(PICTURE).mean((0, 1))).max() < 3
