"""Pictures that lost pixels are found by their likeness; others are not."""

from __future__ import annotations

import pytest
from PIL import Image

from benchmarks.likeness import main, picture, scaled
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


STRANGERS = {
    "in fog, another colour": (1_000_863, 1_001_360),
    "another night": (1_000_702, 1_001_505),
    "another colour": (1_000_183, 1_001_509),
    "another colour, in fog": (9_000_480, 9_001_099),
    "another lamp": (5_000_340, 5_001_002),
    "with a sun": (5_000_947, 5_001_400),
}


@pytest.mark.parametrize("scenes", STRANGERS.values(), ids=STRANGERS)
def test_one_composition_twice(scenes: tuple[int, int]) -> None:
    """Tones in the same places are not enough: light, contrast and each patch's colour count."""
    known, stranger = map(picture, scenes)
    sketch = likeness.sketch(known)
    assert likeness.scores(stranger, [sketch])[0] < likeness.ALIKE
    assert likeness.scores(known, [sketch])[0] > 0.99


def test_earlier_sketches() -> None:
    """Those with fewer colours, or none, still find their picture, and one that was resized."""
    known = picture(7)
    tones = likeness.sketch(known)[:1024]
    few = b"".join(
        band.tobytes()
        for band in known.resize((4, 4), Image.Resampling.BOX).convert("YCbCr").split()[1:]
    )
    for sketch in (tones, tones + few):
        assert likeness.is_one(sketch)
        assert likeness.scores(known, [sketch])[0] > 0.99
        assert likeness.scores(scaled(known, 0.6), [sketch])[0] >= likeness.ALIKE
