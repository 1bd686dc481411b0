"""All measures of a picture together."""

from __future__ import annotations

import pytest
from PIL import Image

from hotfolder.images.composition import measured
from hotfolder.taste.features import unpack


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2), (64, 64), (1024, 640)])
def test_every_picture_can_be_measured(size: tuple[int, int]) -> None:
    """Whatever its sides, each kind has as many numbers as always, and none is beyond its range."""
    found = measured.features(Image.new("RGB", size, "teal"))
    usual = measured.features(Image.linear_gradient("L").convert("RGB"))
    assert {n: len(v) for n, v in found.items()} == {n: len(v) for n, v in usual.items()}
    assert sum(map(len, usual.values())) < 500


def test_no_kind_reaches_the_end_of_its_range() -> None:
    """Numbers that are cut off would look alike."""
    for image in (Image.effect_noise((99, 77), 120), Image.radial_gradient("L")):
        for data in measured.features(image.convert("RGB")).values():
            assert abs(unpack(data)).max() < 3.9


def test_what_is_named_comes_first() -> None:
    """Each kind says what its first numbers are called, and has at least as many."""
    found = measured.features(Image.linear_gradient("L").convert("RGB"))
    named = measured.named()
    assert named.keys() == found.keys()
    assert all(len(names) <= len(found[kind]) for kind, names in named.items())
