"""Larger pictures."""

from __future__ import annotations

import pytest
from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.finishing import steps
from hotfolder.finishing.given import Given
from tests.finishing.trial import picture

PICTURE = picture()
NAMES = steps.names()


def test_an_upscaler_is_asked_by_its_name() -> None:
    """What it makes is brought to the size that was asked for; without one it is told."""
    asked: list[str] = []

    def upscale(name: str, image: Image.Image) -> Image.Image:
        asked.append(name)
        return image.resize((image.width * 4, image.height * 4))

    wanted = [("enlarge", {"factor": 1.5, "upscaler": "4x-own"})]
    larger = steps.apply(wanted, PICTURE, Given(PICTURE, upscale=upscale))
    assert (larger.size, asked) == ((192, 144), ["4x-own"])
    with pytest.raises(RenderError, match="the upscaler '4x-own' cannot be used here"):
        steps.apply(wanted, PICTURE, Given(PICTURE))
