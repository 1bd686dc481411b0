"""A border around."""

from __future__ import annotations

from hotfolder.finishing import steps
from tests.finishing.trial import done, picture

PICTURE = picture()
NAMES = steps.names()


def test_a_border_lies_around() -> None:
    """Its width is a share of the shorter side, and the PICTURE within is as it was."""
    framed = done(PICTURE, "border", width=0.1, colour="#102030")
    assert framed.size == (148, 116)
    assert framed.getpixel((0, 0)) == (16, 32, 48)
    assert framed.crop((10, 10, 138, 106)).tobytes() == PICTURE.tobytes()
