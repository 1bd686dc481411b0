"""Overlapping windows cover everything and waste little."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hotfolder.render.memory import grid

lengths = st.integers(16, 16_384)


@given(lengths, st.integers(8, 4096), st.integers(0, 512))
def test_windows_cover_a_line(length: int, window: int, overlap: int) -> None:
    """Each place is in a window, neighbours share the overlap, and the last one ends at the end."""
    assume(overlap <= window // 2)
    starts = grid.starts(length, window, overlap)
    assert starts[0] == 0
    assert starts[-1] == max(0, length - window)
    for before, after in itertools.pairwise(starts):
        assert before < after <= before + window - overlap


@given(lengths, st.integers(8, 4096), st.integers(0, 512))
def test_windows_lie_the_same_from_both_ends(length: int, window: int, overlap: int) -> None:
    """Windows are evenly spread: gaps between their beginnings differ by at most one."""
    assume(overlap <= window // 2)
    starts = grid.starts(length, window, overlap)
    gaps = {after - before for before, after in itertools.pairwise(starts)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@given(lengths, st.integers(64, 4096), st.integers(0, 512), st.floats(-1, 1))
def test_windows_that_move_cover_a_line(
    length: int, window: int, overlap: int, phase: float
) -> None:
    """From end to end, with the overlaps that there were; none is longer than the longest."""
    assume(overlap <= window // 2)
    window = min(window, length)
    move = grid.move(window, 4, phase)
    spans = grid.spans(length, window, overlap, move)
    assert (spans[0][0], spans[-1][1]) == (0, length)
    for (begin, end), (after, _) in itertools.pairwise(spans):
        assert begin < after <= end - overlap
    assert max(end - begin for begin, end in spans) <= grid.longest(length, window, 4)
    assert move % 4 == 0


def test_windows_that_are_nearly_whole_stay() -> None:
    """There is no room to move where two windows nearly lie upon each other."""
    assert grid.spans(65, 64, 0, 8) == grid.spans(65, 64, 0, -8) == ((0, 64), (1, 65))


def test_windows_move_both_ways() -> None:
    """By up to an eighth of them; a single one has nowhere to go."""
    assert [grid.move(1024, 32, phase) for phase in (-1, 0, 0.5, 1)] == [-128, 0, 64, 128]
    assert grid.spans(2000, 1024, 48, 128) == ((0, 1152), (1104, 2000))
    assert grid.spans(1024, 1024, 48, 128) == ((0, 1024),)


@given(st.integers(64, 16_384), st.integers(64, 16_384), st.sampled_from([512, 768, 1024]))
def test_a_window_is_about_as_large_as_asked(width: int, height: int, target: int) -> None:
    """Its area is at most half again what was asked for, and so is each side."""
    assume(width * height > 2 * target**2)
    sides = grid.fit((width, height), target, target // 10, 32)
    assert sides[0] * sides[1] <= grid.FREEDOM * target**2
    assert max(sides) <= grid.SLENDER * target + 32
    assert all(a % 32 == 0 or a == b for a, b in zip(sides, (width, height), strict=True))


shapes = st.sampled_from([1, 5 / 4, 4 / 3, 3 / 2, 16 / 9, 2, 21 / 9, 3, 4])


@given(st.integers(2_100_000, 40_000_000), shapes, st.booleans(), st.sampled_from([768, 1024]))
def test_overlaps_cost_little(area: int, aspect: float, upright: bool, target: int) -> None:
    """All windows together have hardly more than a fifth above the picture, in any usual shape."""
    short = math.sqrt(area / aspect)
    width, height = (round(side / 16) * 16 for side in (short * aspect, short))
    if upright:
        width, height = height, width
    overlap = {768: 64, 1024: 96}[target]
    sides = grid.fit((width, height), target, overlap, 32)
    pairs = zip((width, height), sides, strict=True)
    across, down = (len(grid.starts(side, part, overlap)) for side, part in pairs)
    assert across * down * sides[0] * sides[1] <= 1.22 * width * height


@pytest.mark.parametrize(
    ("length", "window", "overlap", "expected"),
    [
        (480, 144, 16, (0, 112, 224, 336)),
        (240, 28, 4, (0, 24, 47, 71, 94, 118, 141, 165, 188, 212)),
        (135, 24, 4, (0, 19, 37, 56, 74, 93, 111)),
        (270, 128, 16, (0, 71, 142)),
    ],
)
def test_windows_of_kept_pictures_lie_where_they_lay(
    length: int, window: int, overlap: int, expected: tuple[int, ...]
) -> None:
    """A record names sides and overlap only: where windows begin must never change."""
    assert grid.starts(length, window, overlap) == expected
