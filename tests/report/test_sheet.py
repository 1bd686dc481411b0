"""Contact sheets."""

from __future__ import annotations

from PIL import Image

from hotfolder.report.sheet import PAPER, STAR, Row, sheet


def test_every_picture_is_on_the_sheet_and_the_marked_one_is_framed() -> None:
    """Rows of pictures of any shape fill the width; a frame is drawn around a marked one."""
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    shapes = [(256, 256), (320, 208), (208, 320)]
    pictures = [Image.new("RGB", s, c) for s, c in zip(shapes, colours, strict=True)]
    page = sheet("title", [Row("first", pictures, frozenset({1})), Row("second", pictures[:1])])
    found = {colour for _, colour in page.getcolors(2**24)}
    assert page.width == 1600
    assert {*colours, PAPER, STAR} <= found
    without = sheet("title", [Row("first", pictures)])
    assert STAR not in {colour for _, colour in without.getcolors(2**24)}
