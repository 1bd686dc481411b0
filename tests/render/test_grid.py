"""Overlapping windows cover everything and waste little."""

from __future__ import annotations

import itertools

from hypothesis import assume, given
from hypothesis import strategies as st

from hotfolder.render import grid

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


@given(st.integers(64, 16_384), st.integers(64, 16_384), st.sampled_from([384, 768, 1024]))
def test_a_window_is_about_as_large_as_asked(width: int, height: int, target: int) -> None:
    """Its area is at most a quarter more than asked; no side is longer than half again."""
    assume(width * height > 2 * target**2)
    sides = grid.fit((width, height), target, target // 8, 32)
    assert sides[0] * sides[1] <= grid.FREEDOM * target**2
    assert max(sides) <= grid.SLENDER * target + 32
    assert all(a % 32 == 0 or a == b for a, b in zip(sides, (width, height), strict=True))


@given(st.integers(700, 16_384), st.integers(700, 16_384), st.sampled_from([384, 768, 1024]))
def test_overlaps_cost_little(width: int, height: int, target: int) -> None:
    """All windows together have less than twice the area, for usual pictures far less."""
    assume(width * height > 2 * target**2)
    sides = grid.fit((width, height), target, target // 8, 32)
    pairs = zip((width, height), sides, strict=True)
    across, down = (len(grid.starts(side, part, target // 8)) for side, part in pairs)
    assert across * down * sides[0] * sides[1] < 2 * width * height


def test_full_hd_and_4k_cost_at_most_a_fifth_more() -> None:
    """The work that overlaps add for the sizes that people want."""
    for width, height in ((1920, 1080), (3840, 2160), (2160, 3840), (2560, 1440)):
        for target in (768, 1024):
            sides = grid.fit((width, height), target, target // 8, 32)
            pairs = zip((width, height), sides, strict=True)
            across, down = (len(grid.starts(side, part, target // 8)) for side, part in pairs)
            assert across * down * sides[0] * sides[1] <= 1.25 * width * height
