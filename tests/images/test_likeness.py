"""Pictures that lost pixels are found by their likeness; others are not."""

from __future__ import annotations

import pytest
from PIL import Image

from benchmarks.likeness import main
from hotfolder.images import likeness


def test_damaged_pictures_are_found_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight ways of damage, and as many strangers; `benchmarks/likeness.py` asks a thousand."""
    assert main(12, 3) == 0, capsys.readouterr().out


def test_flat_pictures_are_alike_to_none() -> None:
    """One colour says nothing of what a picture shows."""
    flat = Image.new("RGB", (64, 48), (90, 90, 90))
    slope = Image.linear_gradient("L").convert("RGB")
    known = [likeness.sketch(flat), likeness.sketch(slope)]
    assert likeness.scores(flat, known) == [0, 0]
    assert likeness.scores(slope, known)[1] > 0.99
    assert likeness.scores(slope, []) == []
