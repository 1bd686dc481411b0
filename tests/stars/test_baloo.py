"""KDE's rating attribute."""

from __future__ import annotations

import pytest

from hotfolder.stars import baloo
from hotfolder.stars.mark import DraftFile


@pytest.mark.parametrize(
    ("value", "stars"),
    [(b"10", 5), (b"9", 5), (b"8", 4), (b"2", 1), (b"1", 1), (b"10\0", 5), (b" 6 ", 3)],
)
def test_stars_in_halves(value: bytes, stars: int) -> None:
    """Ten is five stars, and half a star is one."""
    (mark,) = baloo.marks(DraftFile("drafts/a.png", xattrs={"user.baloo.rating": value}))
    assert mark.stars == stars


@pytest.mark.parametrize("value", [b"0", b"", b"11", b"-2", b"five", b"1e1", b"\xb2", b"9" * 500])
def test_what_is_no_rating(value: bytes) -> None:
    """Zero and everything that is no number up to ten."""
    draft = DraftFile("drafts/a.png", xattrs={"user.baloo.rating": value, "user.other": b"10"})
    assert not any(baloo.marks(draft))
