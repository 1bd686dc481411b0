"""Copies for Instagram."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sd_parsers import ParserManager

from hotfolder.cli import main
from hotfolder.images import fitting, metadata, pixels
from hotfolder.outlets.instagram import OUTLET
from hotfolder.recipes.encoding import encoding
from tests.outlets.trial import exported, made


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((64, 48), (64, 48)),
        ((2000, 1500), (1440, 1080)),
        ((1000, 3000), (1440, 1800)),
        ((3000, 500), (1440, 754)),
        ((16, 300), (240, 300)),
    ],
)
def test_its_size_and_shape(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    """No wider than 1440 px, between 4:5 and 1.91:1, a JPEG without the prompt."""
    copy = exported("instagram", made(size=size))
    data = copy.read_bytes()
    found = pixels.decode(data).size
    assert metadata.format_of(data) == "jpeg" and copy.name.startswith("picture-")
    assert found == wanted
    assert 0.8 <= found[0] / found[1] <= 1.91
    assert b"castle" not in data and ParserManager().parse(copy) is None


def test_every_shape_gets_one_that_is_taken() -> None:
    """Whatever the sides, what is published lies between the limits, and is all there."""
    draw = random.Random(7)
    for _ in range(100):
        width, height = draw.randint(3, 600), draw.randint(3, 600)
        least, most = OUTLET.ratios or (0, 0)
        shaped = fitting.banded(Image.new("RGB", (width, height)), (least, most))
        assert least <= shaped.width / shaped.height <= most
        assert shaped.width >= width and shaped.height >= height


def test_bands_have_the_colour_of_the_edges() -> None:
    """A tall picture gets bands left and right, with the mean of those edges' colours."""
    values = np.full((300, 100, 3), (10, 20, 30), np.uint8)
    values[:, -1] = (30, 40, 50)
    shaped = np.asarray(fitting.banded(Image.fromarray(values), (0.8, 1.91)))
    assert shaped.shape == (300, 240, 3)
    assert (shaped[:, 0] == (20, 30, 40)).all() and (shaped[:, 70:169] == (10, 20, 30)).all()


def test_the_largest_is_small_enough() -> None:
    """Pure noise, which compresses worst, stays below 8 MB."""
    noise = np.random.default_rng(7).integers(0, 256, (1800, 1440, 3), np.uint8)
    assert len(pixels.encode(Image.fromarray(noise), encoding("jpeg"))) < 8_000_000


def test_other_formats_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence says what is taken; so it does for a place that is not known."""
    path = str(made())
    assert main(["export", "--for", "instagram", "--format", "png", path]) == 1
    assert "instagram takes jpeg; leave out --format" in capsys.readouterr().err
    assert main(["export", "--for", "instagrm", path]) == 1
    assert "there is no outlet 'instagrm'; did you mean" in " ".join(
        capsys.readouterr().err.split()
    )
    assert not Path("exported").exists()
