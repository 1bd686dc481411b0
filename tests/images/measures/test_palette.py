"""Which colours a picture has."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hotfolder.images.composition import canvas
from hotfolder.images.measures import palette


def _named(colour: str) -> dict[str, float]:
    numbers = palette.measure(canvas.of(Image.new("RGB", (40, 30), colour)))
    return dict(zip(palette.NAMED, numbers.tolist(), strict=False))


def test_what_a_person_would_name() -> None:
    """Light, warm and colourful pictures are told from their opposites."""
    assert _named("white")["lightness"] == pytest.approx(1, abs=0.01)
    assert _named("black")["lightness"] == pytest.approx(-1, abs=0.01)
    assert _named("orange")["warmth"] > 1 > -1 > _named("blue")["warmth"]
    assert _named("red")["redness"] > 1 > _named("grey")["redness"] + 0.5
    assert _named("red")["colourfulness"] > _named("grey")["colourfulness"] + 1


def test_the_histogram_counts_all_pixels() -> None:
    """The squares of its roots add up to one."""
    image = Image.effect_noise((64, 48), 100).convert("RGB")
    roots = palette.measure(canvas.of(image))[len(palette.NAMED) :]
    assert np.isclose((roots**2).sum(), 1)
