"""Lines and blots that somebody painted into a copy of a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from hotfolder.errors import PictureError
from hotfolder.images import strokes

COLOURS = {
    "red": (255, 0, 0),
    "magenta": (255, 0, 255),
    "green": (0, 255, 0),
    "yellow": (255, 255, 0),
    "black": (0, 0, 0),
}
SIZE = (320, 240)
BOX = (110, 60, 220, 170)


def scene() -> Image.Image:
    """A sky, a sea and a sun, with the noise that renders have."""
    chance = np.random.RandomState(4)
    y, x = np.mgrid[0:240, 0:320]
    sky = np.stack([230 - y / 3, 150 - y / 4 + x / 8, 120 + y / 3], -1)
    sky[y > 160] = [60, 90, 140]
    sky[(x - 90) ** 2 + (y - 70) ** 2 < 500] = [250, 230, 160]
    return Image.fromarray(np.clip(sky + chance.normal(0, 3, sky.shape), 0, 255).astype(np.uint8))


PICTURE = scene()


def truth() -> Any:
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).ellipse(BOX, fill=255)
    return np.asarray(mask) > 127


def painted(style: str, colour: tuple[int, int, int], width: int = 5) -> Image.Image:
    """A copy with an ellipse: a hard or soft line, or a blot."""
    copy, over = PICTURE.copy(), Image.new("L", SIZE)
    pen = ImageDraw.Draw(over)
    if style == "blot":
        pen.ellipse(BOX, fill=255)
    elif style == "open":
        pen.arc(BOX, 60, 320, fill=255, width=width)
    else:
        pen.ellipse(BOX, outline=255, width=width)
    if style == "soft":
        over = over.filter(ImageFilter.GaussianBlur(1))
    copy.paste(colour, (0, 0, *SIZE), over)
    return copy


def saved(image: Image.Image, how: str) -> bytes:
    """The file of a program that saves so."""
    buffer = io.BytesIO()
    if how.startswith("jpeg"):
        image.save(buffer, "JPEG", quality=int(how[4:]))
    elif how == "webp":
        image.save(buffer, "WEBP", quality=80)
    elif how == "brighter":
        image.point(lambda v: min(255, int(v * 1.06 + 4))).save(buffer, "PNG")
    elif how == "larger":
        image.resize((480, 360), Image.Resampling.BICUBIC).save(buffer, "PNG")
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()


def found(image: Image.Image, how: str = "png") -> Any:
    data = saved(image, how)
    return strokes.find(data, Image.open(io.BytesIO(data)).convert("RGB"), PICTURE)


def agreement(one: Any, other: Any) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("how", ["png", "jpeg95", "jpeg85", "jpeg60", "webp", "brighter", "larger"])
def test_saving_is_no_brush(how: str) -> None:
    """What any program does to all of a picture marks nothing."""
    assert found(PICTURE, how) is None


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("style", ["hard", "soft", "blot"])
def test_each_colour_is_found(style: str, colour: str) -> None:
    """A closed line means what it encloses, a blot what it covers."""
    mask = found(painted(style, COLOURS[colour]))
    assert mask.shape == (240, 320)
    assert agreement(mask, truth()) > 0.85


@pytest.mark.parametrize("how", ["jpeg85", "jpeg60", "webp", "brighter", "larger"])
def test_a_line_is_found_however_it_was_saved(how: str) -> None:
    """Losses, another tone and another size change little of it."""
    assert agreement(found(painted("soft", COLOURS["red"], 7), how), truth()) > 0.75


def test_what_was_painted_for_its_own_sake_is_no_mark() -> None:
    """A brush with the picture's kind of colours, and another picture, mark nothing."""
    assert found(painted("blot", (120, 80, 40))) is None
    assert found(painted("hard", (90, 140, 200))) is None
    assert found(Image.new("RGB", (100, 240))) is None


def test_an_open_line_is_told() -> None:
    """It marks nothing, and nobody can say what it was to mark."""
    with pytest.raises(PictureError, match="not closed, or the picture has the same colour"):
        found(painted("open", COLOURS["red"]))
