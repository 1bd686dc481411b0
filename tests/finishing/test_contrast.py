"""Light and dark go apart."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hotfolder.finishing import steps
from tests.finishing.trial import done, picture, values

PICTURE = picture()
NAMES = steps.names()


def test_contrast_keeps_black_middle_and_white() -> None:
    """What lies between goes outwards, or inwards for an amount below 0."""
    grey = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2))
    more, less = (
        values(done(grey, "contrast"))[0, :, 0],
        values(done(grey, "contrast", amount=-0.5))[0, :, 0],
    )
    assert (more[0], more[255], less[0], less[255]) == (0, 255, 0, 255)
    assert abs(more[128] - 128) <= 1
    assert more[64] < 64 < less[64] and more[192] > 192 > less[192]
    assert (np.diff(more) >= 0).all() and (np.diff(less) >= 0).all()
