"""Pictures that lost pixels are found by their likeness; others are not."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from benchmarks.likeness import DAMAGES, main, picture
from hotfolder.images import likeness


def test_damaged_pictures_are_found_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight ways of damage, and as many strangers; `benchmarks/likeness.py` asks a thousand."""
    assert main(12, 3) == 0, capsys.readouterr().out


def test_flat_pictures_are_alike_to_none() -> None:
    """One colour, or a sky and nothing in it, says nothing of which picture this is."""
    flat = Image.new("RGB", (64, 48), (90, 90, 90))
    sky = Image.linear_gradient("L").convert("RGB")
    known = [likeness.sketch(flat), likeness.sketch(sky)]
    assert likeness.scores(flat, known) == [0, 0]
    assert likeness.scores(sky, known) == [0, 0]
    assert likeness.scores(sky, []) == []


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


@pytest.mark.parametrize("seed", [20_000_518, 20_000_524])
def test_a_row_of_trees(seed: int) -> None:
    """One tree is not taken for the next when it is looked for what was cropped off."""
    forest = picture(seed)
    for damage in DAMAGES.values():
        damaged = damage(forest, random.Random(1))
        assert likeness.scores(damaged, [likeness.sketch(forest)])[0] >= likeness.ALIKE


NEIGHBOURS = {
    "lighthouse": (20_000_083, 20_000_618),
    "beach": (30_004_335, 30_029_533),
    "boat": (30_010_332, 30_024_840),
    "lighthouse at dusk": (30_000_299, 30_017_965),
    "boat before a lighthouse": (30_001_248, 30_028_722),
}


@pytest.mark.parametrize("scenes", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_the_same_scene_a_few_pixels_elsewhere(scenes: tuple[int, int]) -> None:
    """Light, colours and tones are the same, also when damaged; only where the edges are is not."""
    known, stranger = map(picture, scenes)
    sketch = likeness.sketch(known)
    for name, damage in DAMAGES.items():
        for image, other in ((known, False), (stranger, True)):
            damaged = damage(image, random.Random(name))
            alike = likeness.scores(damaged, [sketch])[0]
            assert (alike < likeness.ALIKE) == other, (name, other, alike)


def early_sketch(image: Image.Image, patches: int) -> bytes:
    """Tones at 32x32 and, if any, the colours of `patches` x `patches`, blue and then red ones."""
    tones = image.convert("L").resize((32, 32), Image.Resampling.BOX).tobytes()
    if not patches:
        return tones
    colours = image.resize((patches, patches), Image.Resampling.BOX).convert("YCbCr").split()[1:]
    return tones + b"".join(band.tobytes() for band in colours)


@pytest.mark.parametrize("patches", [0, 4, 8])
def test_earlier_sketches(patches: int) -> None:
    """Tones at 32x32, with colours or without, still find their picture and no other."""
    known, stranger = picture(7), picture(8)
    sketch = early_sketch(known, patches)
    assert likeness.is_one(sketch)
    for damage in DAMAGES.values():
        damaged = damage(known, random.Random(1))
        now, then, other = likeness.scores(
            damaged, [likeness.sketch(known), sketch, early_sketch(stranger, patches)]
        )
        assert min(now, then) >= likeness.ALIKE
        assert other < likeness.ALIKE
    assert likeness.scores(known, [sketch])[0] > 0.99


def test_damaged_sketches_are_like_nothing() -> None:
    """Whatever somebody put into a sketch: it is refused or looks like nothing, and is no error."""
    known, dice = picture(7), random.Random(7)
    sketch = likeness.sketch(known)
    for _ in range(200):
        damaged = bytearray(sketch)
        for _ in range(dice.choice((1, 20, 200))):
            damaged[dice.randrange(64, len(damaged))] = dice.randrange(256)
        cut = bytes(damaged[: dice.choice((len(damaged), dice.randrange(64, len(damaged))))])
        if likeness.is_one(cut):
            assert -1 <= likeness.scores(known, [cut])[0] <= 1.0001
    assert likeness.scores(known, [sketch[:110]]) == [0]


@pytest.mark.parametrize(
    ("side", "options"),
    [(16_000, {}), (63, {}), (64, {"lossless": True}), (64, {"exif": b"Exif\0\0II*\0"})],
)
def test_other_pictures_in_sketches_are_not_even_decoded(
    side: int, options: dict[str, bool | bytes]
) -> None:
    """A thumbnail is a lossy WebP of 64x64; what says that it is something else is no sketch."""
    buffer = io.BytesIO()
    Image.new("RGB", (min(side, 64), 64)).save(buffer, "WEBP", **options)
    data = bytearray(buffer.getvalue())
    if side > 64:
        data[26:30] = 2 * side.to_bytes(2, "little")
    assert not likeness.is_one(bytes(64) + data)
