"""Overlapping windows on a line and on a rectangle. Whole numbers only, pure."""

from __future__ import annotations

Sides = tuple[int, int]

FREEDOM = 1.5  # a window may have this many times the area that was asked for
SLENDER = 1.5  # ... and a side this many times the one that was asked for
MOVES = 8  # windows move by up to this part of their side


def starts(length: int, window: int, overlap: int) -> tuple[int, ...]:
    """Where windows begin that cover `length`, evenly spread.

    Neighbours share at least `overlap`, which is less than `window`.
    """
    if window >= length:
        return (0,)
    count = -(-(length - overlap) // (window - overlap))
    last = length - window
    return tuple((2 * last * index + count - 1) // (2 * (count - 1)) for index in range(count))


def spans(length: int, window: int, overlap: int, by: int) -> tuple[tuple[int, int], ...]:
    """Where windows begin and end that cover `length`, when all but the ends move `by` so much.

    So the first window becomes longer by it and the last one shorter, or the other way round. Of
    windows that are nearly as long as the whole none can move: they stay where they are.
    """
    at = starts(length, window, overlap)
    if len(at) > 1 and not -at[1] < by <= length - window - at[-2]:
        by = 0
    begins = (0, *(start + by for start in at[1:]))
    ends = (*(start + window + by for start in at[:-1]), length)
    return tuple(zip(begins, ends, strict=True))


def move(window: int, step: int, phase: float) -> int:
    """How far windows move in a `phase` between -1 and 1: a multiple of `step`."""
    return round(phase * (window // MOVES // step)) * step


def longest(length: int, window: int, step: int) -> int:
    """The longest window that there is in any phase."""
    return min(length, window + move(window, step, 1.0))


def fit(sides: Sides, target: int, overlap: int, step: int) -> Sides:
    """The sides of windows that cover a rectangle with the least work, often less than 1.2 of it.

    A window has about the area of a square of `target`, is not too slender, and its sides are
    multiples of `step` or the rectangle's own. Of two that cost the same the squarer one.
    """
    widths, heights = (_shares(side, target, overlap, step) for side in sides)
    pairs = [(w, h) for w in widths for h in heights if w * h <= FREEDOM * target * target]

    def work(window: Sides) -> tuple[int, float]:
        counts = [len(starts(*side, overlap)) for side in zip(sides, window, strict=True)]
        area = counts[0] * counts[1] * window[0] * window[1]
        return area, max(window) / min(window)

    return min(pairs, key=work)


def _shares(length: int, target: int, overlap: int, step: int) -> list[int]:
    """The windows' lengths when 1, 2, 3 … of them cover `length`, none too long, none tiny."""
    shares = []
    for count in range(1, 2 + length // max(1, target // 2 - overlap)):
        share = -(-(length + (count - 1) * overlap) // count)
        share = min(length, -(-share // step) * step)
        if target / 2 <= share <= SLENDER * target or share == length <= SLENDER * target:
            shares.append(share)
    return shares
