"""Edges are made clearer."""

from __future__ import annotations

import numpy as np

from hotfolder.finishing import steps
from tests.finishing.trial import done, picture, values

PICTURE = picture()
NAMES = steps.names()


def test_a_picture_is_sharpened_in_lightness_alone() -> None:
    """Edges grow, and the three colours move together where none is at its end."""
    sharper = done(PICTURE, "sharpen", amount=1.0, radius=1.5)
    moved = values(sharper) - values(PICTURE)
    assert (
        np.abs(np.diff(values(sharper), axis=1)).mean()
        > np.abs(np.diff(values(PICTURE), axis=1)).mean()
    )
    inside = (values(sharper).min(-1) > 0) & (values(sharper).max(-1) < 255)
    assert np.abs(moved[..., 0] - moved[..., 1])[inside].max() <= 1
