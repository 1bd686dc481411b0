"""Pictures of bug reports, with the pixels that a person sees."""

from __future__ import annotations

import pytest

from hotfolder.errors import PictureError
from hotfolder.images.pixels import decode
from hotfolder.recipes.settings import Limits
from hotfolder.studio.identity import identify
from hotfolder.studio.scan.limits import check_picture
from tests import samples

Sides = tuple[int, int]
Colour = tuple[int, int, int]
# Sides, the pixel at the top left, the one at the bottom right.
SEEN: dict[str, tuple[Sides, Colour, Colour]] = {
    "o01-rotated.jpg": ((64, 96), (60, 130, 60), (147, 163, 212)),
    "o02-rotated.webp": ((64, 96), (60, 130, 60), (148, 162, 213)),
    "o03-rotated.png": ((64, 96), (60, 130, 60), (149, 161, 214)),
    "p01-grey16.png": ((96, 64), (0, 0, 0), (255, 255, 255)),
    "p02-grey16-trns.png": ((96, 64), (255, 255, 255), (255, 255, 255)),
    "p03-rgb16.png": ((96, 64), (0, 0, 255), (255, 255, 0)),
    "p04-rgba16.png": ((96, 64), (127, 127, 255), (255, 255, 127)),
    "p05-la16.png": ((96, 64), (0, 0, 0), (255, 255, 255)),
    "p06-palette-trns.png": ((96, 64), (255, 255, 255), (60, 130, 60)),
    "p07-1bit.png": ((96, 64), (255, 255, 255), (255, 255, 255)),
    "p08-la.png": ((96, 64), (164, 164, 164), (101, 101, 101)),
    "p09-stealth-alpha.png": ((96, 64), (145, 165, 210), (61, 130, 61)),
    "p10-half-transparent.png": ((96, 64), (255, 255, 255), (60, 130, 60)),
    "p11-cmyk.jpg": ((96, 64), (150, 160, 215), (60, 130, 60)),
    "p13-strip-2000x20.png": ((2000, 20), (152, 158, 217), (60, 130, 60)),
    "p16-png-named.jpg": ((96, 64), (155, 155, 220), (60, 130, 60)),
    "p17-animated.webp": ((96, 64), (156, 154, 221), (60, 130, 60)),
    "p18-apng.png": ((96, 64), (156, 154, 221), (60, 130, 60)),
    "p19.gif": ((96, 64), (156, 154, 221), (60, 130, 60)),
    "p20.tiff": ((96, 64), (156, 154, 221), (60, 130, 60)),
    "p21-avif-named.png": ((96, 64), (155, 154, 220), (59, 131, 59)),
    "p22-display-p3.png": ((96, 64), (251, 0, 0), (0, 204, 13)),
}
WORDLESS = {"p19.gif", "p20.tiff", "p21-avif-named.png"}
OUT_OF_RANGE = ["p12-tiny-8x8.png", "p14-wide-17000x40.png", "p15-1x1.png"]


@pytest.mark.parametrize("name", SEEN)
def test_a_picture_as_a_person_sees_it(name: str) -> None:
    """Turned, over white, in sRGB, of eight bits, its first frame; decoders may differ a little."""
    sides, first, last = SEEN[name]
    data = samples.sample(f"public/{name}")
    check_picture(data, Limits())
    image = decode(data)
    assert (image.size, image.mode) == (sides, "RGB")
    corners = (0, 0), (sides[0] - 1, sides[1] - 1)
    for corner, expected in zip(corners, (first, last), strict=True):
        seen = image.getpixel(corner)
        assert isinstance(seen, tuple)
        assert max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= 3
    params = identify(data).params
    assert (params is None) == (name in WORDLESS)


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_a_picture_that_is_too_small_or_too_long(name: str) -> None:
    """A sentence says which sides it may have."""
    with pytest.raises(PictureError, match="sides from 16 to 16,384 pixels"):
        check_picture(samples.sample(f"public/{name}"), Limits())
