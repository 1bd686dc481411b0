"""Outlines of what a coarse map shows."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from hotfolder.render.outlines import enlarged, outline, unit


def test_an_outline_follows_the_edge() -> None:
    """A map of 8x8 that is off by half a cell comes to the disc that is there, hole and all."""
    scene = Image.new("RGB", (320, 240), (90, 130, 200))
    pen = ImageDraw.Draw(scene)
    pen.ellipse((90, 60, 190, 160), fill=(200, 60, 40))
    pen.ellipse((130, 100, 140, 110), fill=(250, 240, 60))
    pen.ellipse((260, 180, 300, 220), fill=(200, 60, 40))  # of the same colour, elsewhere
    truth = Image.new("L", scene.size)
    ImageDraw.Draw(truth).ellipse((90, 60, 190, 160), fill=255)
    inside = np.asarray(truth) > 127
    coarse = np.asarray(truth.resize((10, 8), Image.Resampling.BOX), float)
    found = outline(np.roll(coarse, 1, 1) + coarse, scene)
    assert found.shape == inside.shape and not found[180:, 260:].any()
    assert (found & inside).sum() / (found | inside).sum() > 0.9
    assert found[100:110, 130:140].all()


def test_a_map_of_nothing_has_no_outline() -> None:
    """Nothing is higher than anything else."""
    assert not outline(np.ones((8, 8)), Image.new("RGB", (64, 48), (9, 9, 9))).any()


def test_maps_are_enlarged_between_the_middles_of_their_cells() -> None:
    """A step in the middle stays in the middle, and a map goes from 0 to 1."""
    larger = enlarged(np.array([[0.0, 1.0]]), (4, 8))
    assert larger.shape == (4, 8)
    assert (larger[:, :4] < 0.5).all() and (larger[:, 4:] > 0.5).all()
    assert unit(larger).min() == 0 and unit(larger).max() == 1
