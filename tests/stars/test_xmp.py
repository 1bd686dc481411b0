"""XMP in the picture: samples of real programs, and real programs at work."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.images import metadata
from hotfolder.stars import xmp
from hotfolder.stars.mark import DraftFile, together
from tests import samples
from tests.stars.test_packet import ADOBE, attribute, element, packed

STARS = {"digikam79": 4, "gthumb3122": 5, "gthumb_ref": 5, "shotwell0301": 5}
STARS |= {"exiftool1257": 5, "exiv2_0276_xmp": 5, "exiv2_0276_exif": 0, "rejected": -1}


def stars(data: bytes) -> int:
    """The rating in a picture's XMP; 0 also for none."""
    return together(list(xmp.marks(DraftFile("drafts/a.png", metadata.read(data)))), 1, ())


@pytest.mark.parametrize("name", [name for name in samples.PICTURES if name.startswith("rated/")])
def test_reads_what_real_programs_write(name: str) -> None:
    """Each program's stars are found in each of its containers; EXIF alone is no XMP."""
    stem = name.removeprefix("rated/")
    expected = next(stars for start, stars in STARS.items() if stem.startswith(start))
    assert stars(samples.sample(name)) == expected


def test_a_pick_label_of_digikam() -> None:
    """ "Accepted" is a word of the picture's marks."""
    data = samples.sample("rated/digikam79_rating4_pick3.webp")
    marks = {
        mark.where: mark for mark in xmp.marks(DraftFile("drafts/a.webp", metadata.read(data)))
    }
    assert marks["digiKam:PickLabel"].words == {"accepted"}


@pytest.mark.parametrize(
    "name", [name for name in samples.PICTURES if name.startswith(("reencoded/", "layout/"))]
)
def test_pictures_that_nobody_rated_have_no_stars(name: str) -> None:
    """What programs make of an unrated picture never counts as a star."""
    assert stars(samples.sample(name)) == 0


@pytest.mark.parametrize("form", [element, attribute])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_both_forms_in_every_container(form: Callable[..., str], kind: str) -> None:
    """Element or attribute, PNG, JPEG or WebP."""
    assert stars(samples.with_xmp(kind, packed(form("Rating", ADOBE, 3)))) == 3


def test_no_file_is_opened_for_an_entity() -> None:
    """A picture whose XMP names a file of the system has no rating."""
    assert stars(samples.sample("hostile/xmp_xxe.jpg")) == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("rating", [5, 1, 0, -1])
def test_exiftool(tool: Callable[[str], str], tmp_path: Path, kind: str, rating: int) -> None:
    """Stars set by exiftool, on a bare picture and over other stars."""
    path = tmp_path / f"draft.{kind.lower()}"
    path.write_bytes(samples.drawn(kind))
    program = tool("exiftool")
    for value in (3, rating):
        command = [program, "-overwrite_original", f"-XMP-xmp:Rating={value}", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        assert stars(path.read_bytes()) == value


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("key", "value", "rating"),
    [
        ("Xmp.xmp.Rating", "5", 5),
        ("Xmp.xmp.Rating", "-1", -1),
        ("Xmp.acdsee.rating", "3", 3),
        ("Xmp.MicrosoftPhoto.Rating", "75", 4),
    ],
)
def test_exiv2(
    tool: Callable[[str], str], tmp_path: Path, kind: str, key: str, value: str, rating: int
) -> None:
    """Stars set by exiv2, which rewrites the file in place, under each property."""
    path = tmp_path / f"draft.{kind.lower()}"
    path.write_bytes(samples.drawn(kind))
    command = [tool("exiv2"), "-M", f"set {key} {value}", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert stars(path.read_bytes()) == rating


@pytest.mark.parametrize("name", ["digikam79_rating4_pick3.png", "exiv2_0276_xmprating5.jpg"])
def test_agrees_with_exiftool(tool: Callable[[str], str], tmp_path: Path, name: str) -> None:
    """On samples of other programs exiftool reads the same stars."""
    path = Path(shutil.copy(samples.DATA / "rated" / name, tmp_path))
    command = [tool("exiftool"), "-json", "-XMP-xmp:Rating", str(path)]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    assert stars(path.read_bytes()) == shown["Rating"]
