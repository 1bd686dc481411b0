"""XMP files beside pictures, as darktable and digiKam write them."""

from __future__ import annotations

import pytest

from hotfolder.stars import sidecar
from hotfolder.stars.mark import DraftFile, Mark, together
from tests import samples


def marks(pattern: str, data: bytes) -> dict[str, Mark]:
    """The marks of a draft with one sidecar."""
    found = sidecar.marks(DraftFile("drafts/a.png", beside={pattern: data}))
    return {mark.where: mark for mark in found if mark}


@pytest.mark.parametrize("pattern", [*sidecar.SIDECARS, "{name}.XMP", "{stem}.XMP"])
@pytest.mark.parametrize(
    ("name", "stars"),
    [
        ("darktable421_base.png.xmp", 5),
        ("darktable421_base.webp.xmp", 3),
        ("digikam79_base.jpg.xmp", 4),
        ("digikam79_base.png.xmp", 4),
        ("digikam79_base.webp.xmp", 4),
    ],
)
def test_reads_what_real_programs_write(pattern: str, name: str, stars: int) -> None:
    """Stars under either name of the file, its ending in capitals or not."""
    found = marks(pattern, samples.sample(f"sidecars/{name}"))
    assert together(found.values(), 1, ()) == stars


def test_labels() -> None:
    """digiKam's sidecar has its pick and colour label as well."""
    found = marks("{name}.xmp", samples.sample("sidecars/digikam79_base.png.xmp"))
    words = set().union(*(mark.words for mark in found.values()))
    assert words == {"accepted", "red"}


def test_an_import_by_darktable_is_no_star() -> None:
    """The one star that it gives every picture."""
    data = samples.sample("sidecars/darktable421_base.png.xmp")
    assert marks("{name}.xmp", data.replace(b'Rating="5"', b'Rating="1"')) == {}
    assert together(marks("{name}.xmp", data.replace(b'"5"', b'"-1"', 1)).values(), 1, ()) == -1


def test_half_a_file_says_nothing() -> None:
    """A sidecar that is being written has no marks yet."""
    data = samples.sample("sidecars/digikam79_base.png.xmp")
    assert marks("{name}.xmp", data[:-200]) == {}
