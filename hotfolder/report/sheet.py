"""A contact sheet: drafts in rows, and below each picked one its finals."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

PAPER = (250, 249, 246)
INK = (40, 40, 46)
STAR = (222, 158, 40)
_GAP_PX = 14
_EAST_ASIAN = (
    *("NotoSansCJK-Regular.ttc", "YuGothM.ttc", "meiryo.ttc", "msgothic.ttc"),
    *("ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of pictures under a heading; `marked` are the numbers of those with a star."""

    heading: str
    pictures: Sequence[Image.Image]
    marked: frozenset[int] = frozenset()


def sheet(title: str, rows: Sequence[Row], width_px: int = 1600) -> Image.Image:
    """An RGB picture of all rows, `width_px` wide; the pictures of a row share one height."""
    heights = [_row_height(row, width_px) for row in rows]
    total = 84 + sum(height + 44 + _GAP_PX for height in heights) + _GAP_PX
    page = Image.new("RGB", (width_px, total), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_GAP_PX * 2, 26), title, INK, font(30, title))
    y = 84
    for row, height in zip(rows, heights, strict=True):
        draw.text((_GAP_PX * 2, y + 8), row.heading, INK, font(20, row.heading))
        _draw_row(page, draw, row, y + 44, height)
        y += height + 44 + _GAP_PX
    return page


def _draw_row(page: Image.Image, draw: ImageDraw.ImageDraw, row: Row, y: int, height: int) -> None:
    x = _GAP_PX * 2
    for number, picture in enumerate(row.pictures):
        width = round(picture.width * height / picture.height)
        page.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (x, y))
        if number in row.marked:
            draw.rectangle((x - 4, y - 4, x + width + 3, y + height + 3), outline=STAR, width=4)
        x += width + _GAP_PX


def _row_height(row: Row, width_px: int) -> int:
    """The height at which a row fills the page, but never above the pictures' own size."""
    aspects = sum(picture.width / picture.height for picture in row.pictures)
    free = width_px - 4 * _GAP_PX - _GAP_PX * (len(row.pictures) - 1)
    tallest = max(picture.height for picture in row.pictures)
    return max(1, min(int(free / aspects), tallest))


def font(size_px: int, text: str = "") -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font that has the signs of `text`: Pillow's own, or for East Asian ones the system's."""
    if any(sign >= "\u2e80" for sign in text):
        for name in _EAST_ASIAN:
            with contextlib.suppress(OSError):
                return ImageFont.truetype(name, size_px)
    return ImageFont.load_default(size_px)
