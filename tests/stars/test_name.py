"""Stars in names."""

from __future__ import annotations

import pytest

from hotfolder.stars import name
from hotfolder.stars.mark import DraftFile, together
from hotfolder.studio.names import slug


def stars(path: str) -> int:
    """The stars of a draft by its path alone; three for a word."""
    marks = [mark for mark in name.marks(DraftFile(path)) if mark]
    return together(marks, 3, ("fav", "starred"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("drafts/★boat.png", 1),
        ("drafts/★★★★ boat.png", 4),
        ("drafts/⭐\ufe0f⭐\ufe0fboat.png", 2),
        ("drafts/★★★★★★★.png", 5),
        ("drafts/boat-1a2b3c4d_fav.png", 3),
        ("drafts/boat_FAV.webp", 3),
        ("drafts/boat_starred.png", 3),
        ("drafts/starred.png", 3),
        ("drafts/starred (2).png", 3),
        ("drafts/starred - Copy.png", 3),
        ("drafts/Starred/boat.png", 3),
        ("drafts/monday/starred/boat.png", 3),
    ],
)
def test_names_that_pick(path: str, expected: int) -> None:
    """A symbol in front, a word at the end, a folder."""
    assert stars(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "drafts/boat.png",
        "drafts/boat ★.png",
        "drafts/favourite boat.png",
        "drafts/fav-boat-1a2b3c4d.png",
        "drafts/starred-sky-1a2b3c4d.png",
        "drafts/starred sky.png",
        "drafts/not-starred/boat.png",
        "drafts/starred-2/boat.png",
    ],
)
def test_names_that_do_not(path: str) -> None:
    """What a picture is called for its prompt, or by chance."""
    assert stars(path) == 0


@pytest.mark.parametrize("prompt", ["starred", "★ fav", "a boat_fav", "my_starred", "⭐⭐⭐"])
def test_our_own_names_have_no_stars(prompt: str) -> None:
    """No prompt gives its drafts a name that picks them."""
    assert stars(f"drafts/{slug(prompt)}-1a2b3c4d.png") == 0
