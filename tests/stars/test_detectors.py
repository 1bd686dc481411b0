"""All detectors asked together."""

from __future__ import annotations

import pytest

from hotfolder.images import carried
from hotfolder.images.carried import Carried
from hotfolder.stars import detectors
from tests import samples


def test_detectors_are_found_by_being_there() -> None:
    """A module of the package with a `rating` is a detector; the one that asks is none."""
    found = detectors.ratings(carried.read(samples.sample("rated/digikam79_rating4_pick3.png")))
    assert found["xmp"] == 4
    assert "detectors" not in found


@pytest.mark.parametrize(
    ("name", "stars"),
    [
        ("digikam79_rating4_pick3.webp", 4),
        ("shotwell0301_rating5.jpg", 5),
        ("rejected_minus1.png", -1),
    ],
)
def test_a_rated_sample_has_its_stars(name: str, stars: int) -> None:
    """The stars of a real program arrive, whichever detector found them."""
    assert detectors.rating(carried.read(samples.sample(f"rated/{name}"))) == stars


def test_a_picture_without_marks_has_none() -> None:
    """None is not 0: nobody has looked at it."""
    assert detectors.rating(Carried(8, 8)) is None
    assert detectors.ratings(Carried(8, 8)) == {}


@pytest.mark.parametrize(
    ("marks", "stars"), [({"a": 3, "b": 5}, 5), ({"a": 5, "b": -1}, -1), ({"a": 0}, 0), ({}, None)]
)
def test_a_rejection_outweighs_all_stars(marks: dict[str, int], stars: int | None) -> None:
    """Of several marks the most stars count, unless one rejects."""
    assert detectors.together(marks) == stars
