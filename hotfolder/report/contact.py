"""Contact sheets: many small pictures with a line of words below each, on one page or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from hotfolder.report.sheet import INK, PAPER, STAR, font

_MARGIN_PX, _GAP_PX, _HEAD_PX, _LINE_PX = 36, 14, 84, 19
_SOFT = (110, 106, 98)
_A4_PX = (1754, 1240)  # 150 dots an inch, landscape
_SIDES_PX = ((24, 320), (150, 220), (600, 176), (10**9, 132))  # up to so many pictures


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture (RGB) and what stands below it; `stars` from -1 for rejected to 5."""

    image: Image.Image
    name: str
    words: str = ""
    stars: int = 0


def one_page(title: str, pictures: Sequence[Picture]) -> Image.Image:
    """All pictures on one RGB page, about as high as it is wide; smaller where they are many."""
    side = _side(len(pictures))
    columns = max(1, math.ceil(math.sqrt(len(pictures) * 1.25)))
    width = 2 * _MARGIN_PX + columns * (side + _GAP_PX) - _GAP_PX
    rows = math.ceil(len(pictures) / columns)
    height = _HEAD_PX + rows * _row_px(side) + _MARGIN_PX
    return _page(title, pictures, (max(width, 520), height), side, columns)


def pages(title: str, pictures: Sequence[Picture]) -> list[Image.Image]:
    """All pictures on pages of A4 in landscape at 150 dots an inch."""
    side = min(_side(len(pictures)), 220)
    columns = (_A4_PX[0] - 2 * _MARGIN_PX + _GAP_PX) // (side + _GAP_PX)
    rows = (_A4_PX[1] - _HEAD_PX - _MARGIN_PX) // _row_px(side)
    parts = [pictures[at : at + columns * rows] for at in range(0, len(pictures), columns * rows)]
    of = f" {{}}/{len(parts)}" if len(parts) > 1 else ""
    return [
        _page(title + of.format(number), part, _A4_PX, side, columns)
        for number, part in enumerate(parts, 1)
    ]


def lineage(
    title: str, draft: Picture, finals: Sequence[Picture], differing: Sequence[str]
) -> Image.Image:
    """A draft, large, with its finals beside it, and below each what is different about it."""
    tall = 720
    large = _fitted(draft.image, 900, tall, grow=True)
    half = (tall - _GAP_PX) // 2
    small = [_fitted(final.image, 620, half - 2 * _LINE_PX, grow=True) for final in finals]
    columns = max(1, math.ceil(len(small) / 2))
    wide = max((image.width for image in small), default=0)
    width = 2 * _MARGIN_PX + large.width + columns * (wide + 2 * _GAP_PX)
    page = Image.new("RGB", (max(width, 900), _HEAD_PX + tall + 110), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_MARGIN_PX, 26), title, INK, font(28, title))
    page.paste(large, (_MARGIN_PX, _HEAD_PX))
    _caption(draw, draft, _MARGIN_PX, _HEAD_PX + large.height + 8, large.width)
    for number, (image, final) in enumerate(zip(small, finals, strict=True)):
        x = _MARGIN_PX + large.width + 2 * _GAP_PX + (number // 2) * (wide + 2 * _GAP_PX)
        y = _HEAD_PX + (number % 2) * (half + _GAP_PX)
        page.paste(image, (x, y))
        _caption(draw, final, x, y + image.height + 4, wide)
    text = "   ".join(differing)
    draw.text((_MARGIN_PX, page.height - 34), text, _SOFT, font(17, text))
    return page


def stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Several sheets as one, one below the other."""
    sides = max(sheet.width for sheet in sheets), sum(sheet.height for sheet in sheets)
    page = Image.new("RGB", sides, PAPER)
    y = 0
    for sheet in sheets:
        page.paste(sheet, (0, y))
        y += sheet.height
    return page


def _page(
    title: str, pictures: Sequence[Picture], sides: tuple[int, int], side: int, columns: int
) -> Image.Image:
    page = Image.new("RGB", sides, PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_MARGIN_PX, 24), title, INK, font(28, title))
    for number, picture in enumerate(pictures):
        x = _MARGIN_PX + number % columns * (side + _GAP_PX)
        y = _HEAD_PX + number // columns * _row_px(side)
        image = _fitted(picture.image, side, side)
        page.paste(image, (x + (side - image.width) // 2, y + side - image.height))
        _caption(draw, picture, x, y + side + 4, side)
    return page


def _caption(draw: ImageDraw.ImageDraw, picture: Picture, x: int, y: int, width: int) -> None:
    for number in range(picture.stars):
        _star(draw, x + 8 + 14 * number, y + 9)
    left = x + 14 * picture.stars + 6 if picture.stars > 0 else x
    for line, text in enumerate((picture.name, picture.words)):
        room = width - (left - x if line == 0 else 0)
        at = (left if line == 0 else x, y + line * _LINE_PX)
        draw.text(at, _cut(draw, text, room), INK if line == 0 else _SOFT, font(14, text))


def _star(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    points = []
    for corner in range(10):
        far = 6.5 if corner % 2 == 0 else 2.8
        angle = math.pi * (corner / 5 - 0.5)
        points.append((x + far * math.cos(angle), y + far * math.sin(angle)))
    draw.polygon(points, STAR)


def _cut(draw: ImageDraw.ImageDraw, text: str, room: int) -> str:
    """As much of a text as fits; its end counts more than its middle, for names end in ids."""
    kind = font(14, text)
    if draw.textlength(text, kind) <= room:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = min(8, kept // 2)
        short = f"{text[: kept - tail]}…{text[-tail:]}"
        if draw.textlength(short, kind) <= room:
            return short
    return ""


def _fitted(image: Image.Image, width: int, height: int, grow: bool = False) -> Image.Image:
    scale = min(width / image.width, height / image.height)
    scale = scale if grow else min(1.0, scale)
    sides = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if sides == image.size else image.resize(sides, Image.Resampling.LANCZOS)


def _side(count: int) -> int:
    return next(side for most, side in _SIDES_PX if count <= most)


def _row_px(side: int) -> int:
    return side + 2 * _LINE_PX + _GAP_PX + 4
