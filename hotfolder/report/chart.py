"""What a studio's pictures add up to, as a picture."""

from __future__ import annotations

from PIL import Image, ImageDraw

from hotfolder.report.sheet import INK, PAPER, STAR, font
from hotfolder.report.tally import Share, Tally

_WIDTH_PX, _ROW_PX, _EDGE_PX = 1200, 34, 40
_MOST = 12
_SOFT, _GROUND = (110, 106, 98), (232, 228, 219)


def chart(title: str, tally: Tally) -> Image.Image:
    """An RGB picture: for each way of looking at drafts, bars of how many of them were picked."""
    parts = {kind: shares[:_MOST] for kind, shares in tally.shares.items()}
    rows = sum(len(shares) + 2 for shares in parts.values())
    page = Image.new("RGB", (_WIDTH_PX, 130 + rows * _ROW_PX + _EDGE_PX), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_EDGE_PX, 28), title, INK, font(30, title))
    said = f"{tally.drafts:,} drafts, {tally.picked:,} picked, {tally.finals:,} finals"
    if tally.an_hour:
        said += f", {tally.an_hour:,.0f} drafts an hour"
    draw.text((_EDGE_PX, 74), said, _SOFT, font(20))
    y = 120
    for kind, shares in parts.items():
        y += _ROW_PX // 2
        draw.text((_EDGE_PX, y), kind, INK, font(22))
        y += _ROW_PX
        for share in shares:
            _bar(draw, y, share)
            y += _ROW_PX
        y += _ROW_PX // 2
    return page


def _bar(draw: ImageDraw.ImageDraw, y: int, share: Share) -> None:
    left, right = 470, _WIDTH_PX - 190
    name = share.name if len(share.name) <= 36 else share.name[:35] + "…"
    draw.text((_EDGE_PX, y + 4), name, INK, font(18, name))
    draw.rectangle((left, y + 6, right, y + 24), _GROUND)
    end = left + round((right - left) * share.rate)
    if end > left:
        draw.rectangle((left, y + 6, end, y + 24), STAR)
    says = f"{100 * share.rate:.0f} %  of {share.drafts:,}"
    draw.text((right + 14, y + 4), says, _SOFT, font(18))
