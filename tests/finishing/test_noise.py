"""Noise for a model to draw from."""

from __future__ import annotations

from PIL import Image

from tests.finishing.trial import done, values


def test_noise_lies_in_all_colours() -> None:
    """Each channel has its own, of as much as was asked for, around the picture."""
    noisy = values(done(Image.new("RGB", (64, 64), (128, 128, 128)), "noise", amount=0.25))
    assert abs(noisy.mean() - 128) < 1
    assert 15 < noisy.std() < 17
    assert (noisy[..., 0] != noisy[..., 1]).mean() > 0.9
