"""What several marks say together."""

from __future__ import annotations

import pytest

from hotfolder.stars.mark import Mark, together, words


@pytest.mark.parametrize(
    ("marks", "stars"),
    [
        ([Mark("a", 3), Mark("b", 5)], 5),
        ([Mark("a", 5), Mark("b", -1)], -1),
        ([Mark("a", 0)], 0),
        ([], 0),
        ([words("a", "Star")], 2),
        ([words("a", "star"), Mark("b", 1)], 2),
        ([words("a", "star"), Mark("b", 4)], 4),
        ([words("a", "sea"), Mark("b", 1)], 1),
        ([words("a", "star"), Mark("b", -1)], -1),
    ],
)
def test_together(marks: list[Mark], stars: int) -> None:
    """The most stars count, unless one rejects; a word is as good as the least that pick."""
    assert together(marks, 2, [" STAR ", "moon"]) == stars


def test_what_says_nothing_is_false() -> None:
    """0 stars and no words are as good as no mark."""
    assert not Mark("a")
    assert not words("a", " ", "")
    assert Mark("a", -1)
    assert words("a", "x")
