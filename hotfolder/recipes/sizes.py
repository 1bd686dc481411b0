"""Areas, aspects and sides: what people write, and the sides in px that follow."""

from __future__ import annotations

import math
import re

from hotfolder.recipes.recipe import MAX_AREA_PX, MAX_SIDE_PX, MIN_SIDE_PX

_SIZE = re.compile(r"\s*(\d{1,6})\s*[x\u00d7*]\s*(\d{1,6})\s*", re.IGNORECASE)
_RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[:/x]\s*(\d+(?:\.\d+)?)\s*")
MAX_ASPECT = 16.0


def size(text: str) -> tuple[int, int]:
    """(width, height) in px of a text such as "800x600"; ValueError with a sentence otherwise."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError('expected a size like "800x600"')
    width, height = int(match[1]), int(match[2])
    if not (MIN_SIDE_PX <= width <= MAX_SIDE_PX and MIN_SIDE_PX <= height <= MAX_SIDE_PX):
        raise ValueError(f"expected sides from {MIN_SIDE_PX} to {MAX_SIDE_PX:,} pixels")
    if width * height > MAX_AREA_PX:
        raise ValueError(f"expected at most {MAX_AREA_PX:,} pixels")
    return width, height


def aspect_range(text: str) -> tuple[float, float]:
    """(narrowest, widest) width/height of "3:2" or "2:3 to 3:2"; ValueError otherwise."""
    parts = [_ratio(part) for part in re.split(r"\s+to\s+|\.\.", text)]
    if len(parts) > 2:
        raise ValueError('expected an aspect like "3:2" or a range like "2:3 to 3:2"')
    return min(parts), max(parts)


def aspect_at(text: str, fraction: float) -> float:
    """The aspect at `fraction` (0..1) of a range, even on a logarithmic scale.

    So 2:3 and 3:2 are equally likely, and so are all shapes between them.
    """
    low, high = aspect_range(text)
    return math.exp(math.log(low) + fraction * (math.log(high) - math.log(low)))


def sides(area_px: int, aspect: float, multiple: int) -> tuple[int, int]:
    """(width, height) in px with about this area and aspect.

    Where a model's multiple is small (at most 4 % of the side of a square of this area), the sides
    are exact and the render is cropped. Otherwise cropping would cost too much of the picture,
    and the sides are the multiples that come nearest in area and aspect. An aspect that would make
    a side shorter or longer than a recipe may have is brought nearer to a square.
    """
    area_px = min(area_px, round(MAX_AREA_PX * 0.99))
    widest = max(1.0, min(area_px / MIN_SIDE_PX**2, MAX_SIDE_PX**2 / area_px))
    aspect = min(max(aspect, 1 / widest), widest)
    width, height = math.sqrt(area_px * aspect), math.sqrt(area_px / aspect)
    if multiple <= 0.04 * math.sqrt(area_px):
        return max(MIN_SIDE_PX, round(width)), max(MIN_SIDE_PX, round(height))
    return _nearest_multiples(width, height, multiple)


def render_sides(width: int, height: int, multiple: int) -> tuple[int, int]:
    """The sides in px that a picture is rendered at: the next multiples."""
    return -(-width // multiple) * multiple, -(-height // multiple) * multiple


def _nearest_multiples(width: float, height: float, multiple: int) -> tuple[int, int]:
    def around(side: float) -> list[int]:
        below = math.floor(side / multiple) * multiple
        near = [near for near in (below, below + multiple) if MIN_SIDE_PX <= near <= MAX_SIDE_PX]
        return near or [-(-MIN_SIDE_PX // multiple) * multiple]

    def off(pair: tuple[int, int]) -> float:
        area = abs(math.log(pair[0] * pair[1] / (width * height)))
        aspect = abs(math.log((pair[0] / pair[1]) / (width / height)))
        return area + aspect

    pairs = [(w, h) for w in around(width) for h in around(height)]
    return min([pair for pair in pairs if pair[0] * pair[1] <= MAX_AREA_PX], key=off)


def _ratio(text: str) -> float:
    match = _RATIO.fullmatch(text)
    if not match or not float(match[2]) or not float(match[1]):
        raise ValueError('expected an aspect like "3:2" or a range like "2:3 to 3:2"')
    ratio = float(match[1]) / float(match[2])
    if not 1 / MAX_ASPECT <= ratio <= MAX_ASPECT:
        raise ValueError(f"expected an aspect between 1:{MAX_ASPECT:g} and {MAX_ASPECT:g}:1")
    return ratio
