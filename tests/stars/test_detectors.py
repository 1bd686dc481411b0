"""All detectors asked together, and the files beside pictures that they ask for."""

from __future__ import annotations

import pytest

from hotfolder.images import metadata
from hotfolder.images.metadata import suffixes
from hotfolder.stars import detectors
from hotfolder.stars.mark import DraftFile, together
from tests import samples


def test_detectors_are_found_by_being_there() -> None:
    """A module of the package with a `marks` is a detector; the one that asks is none."""
    assert {"xmp", "exif", "sidecar", "name"} <= set(detectors.names())
    assert {"detectors", "mark", "packet"}.isdisjoint(detectors.names())


@pytest.mark.parametrize(
    ("name", "stars"),
    [
        ("digikam79_rating4_pick3.webp", 4),
        ("shotwell0301_rating5.jpg", 5),
        ("exiv2_0276_exifrating5.webp", 5),
        ("rejected_minus1.png", -1),
    ],
)
def test_a_rated_sample_has_its_stars(name: str, stars: int) -> None:
    """The stars of a real program arrive, whichever detector found them."""
    draft = DraftFile("drafts/a.png", metadata.read(samples.sample(f"rated/{name}")))
    assert together(detectors.marks(draft).values(), 1, ()) == stars


def test_a_picture_without_marks_has_none() -> None:
    """Nor one that says 0."""
    assert detectors.marks(DraftFile("drafts/a.png", xattrs={"user.baloo.rating": b"0"})) == {}


@pytest.mark.parametrize(
    "pattern", [p for known in detectors.patterns() for p in detectors.spellings(known)]
)
def test_a_sidecar_leads_to_its_picture(pattern: str) -> None:
    """Whatever it is called, and in whatever folder its picture lies."""
    for picture in ("drafts/a.png", "drafts/x/b.c.webp", "seeds/A.JPG", "drafts/.b.png"):
        path = detectors.sidecar(pattern, picture)
        places = {place for group in detectors.pictures(path, suffixes()) for place in group}
        assert picture in places


def test_what_is_no_sidecar() -> None:
    """Pictures, notes and files of other names lead nowhere."""
    for path in ("drafts/a.png", "drafts/a.txt", "drafts/comments/a.png.xml", "drafts/a.txt.xmp"):
        places = [place for group in detectors.pictures(path, suffixes()) for place in group]
        assert not [place for place in places if not place.startswith("drafts/a.txt.")]
