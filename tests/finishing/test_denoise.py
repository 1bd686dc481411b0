"""Noise is taken out."""

from __future__ import annotations

import numpy as np

from hotfolder.finishing import steps
from tests.finishing.trial import done, picture, values

PICTURE = picture()
NAMES = steps.names()


def test_noise_is_taken_out_and_edges_stay() -> None:
    """The flat parts lose most of their noise, the edge of the disc hardly any of its height."""
    clean = values(done(PICTURE, "denoise", amount=0.4))
    flat = np.s_[40:56, 56:72, 1]
    assert clean[flat].std() < 0.5 * values(PICTURE)[flat].std()
    assert clean[48, 60:68, 1].mean() - clean[48, 100:108, 1].mean() > 125
