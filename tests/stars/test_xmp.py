"""XMP ratings: samples of real programs, every form, and what is no rating."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.images import carried
from hotfolder.images.carried import Carried
from hotfolder.stars import xmp
from tests import samples

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ADOBE = "http://ns.adobe.com/xap/1.0/"
ACDSEE = "http://ns.acdsee.com/iptc/1.0/"
PHOTO = "http://ns.microsoft.com/photo/1.0"

STARS = {"digikam79": 4, "gthumb3122": 5, "gthumb_ref": 5, "shotwell0301": 5}
STARS |= {"exiftool1257": 5, "exiv2_0276_xmp": 5, "exiv2_0276_exif": None, "rejected": -1}


def element(name: str, namespace: str, value: object) -> str:
    """A description with one property as an element, under a prefix of our own."""
    prop = f'<q:{name} xmlns:q="{namespace}">{value}</q:{name}>'
    return f'<rdf:Description rdf:about="">{prop}</rdf:Description>'


def attribute(name: str, namespace: str, value: object) -> str:
    """A description with one property as an attribute, under a prefix of our own."""
    return f'<rdf:Description rdf:about="" xmlns:q="{namespace}" q:{name}="{value}"/>'


def packet(*descriptions: str) -> bytes:
    """An XMP packet with its usual wrapping."""
    inside = f'<rdf:RDF xmlns:rdf="{RDF}">{"".join(descriptions)}</rdf:RDF>'
    meta = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{inside}</x:xmpmeta>'
    return f'<?xpacket begin="\ufeff" id="x"?>\n{meta}\n<?xpacket end="w"?>'.encode()


def rated(*descriptions: str) -> int | None:
    """The rating of a picture with these descriptions."""
    return xmp.rating(Carried(8, 8, (), packet(*descriptions)))


@pytest.mark.parametrize("name", [name for name in samples.PICTURES if name.startswith("rated/")])
def test_reads_what_real_programs_write(name: str) -> None:
    """Each program's stars are found in each of its containers; EXIF alone is no XMP."""
    stem = name.removeprefix("rated/")
    expected = next(stars for start, stars in STARS.items() if stem.startswith(start))
    assert xmp.rating(carried.read(samples.sample(name))) == expected


@pytest.mark.parametrize(
    "name", [name for name in samples.PICTURES if name.startswith(("reencoded/", "layout/"))]
)
def test_pictures_that_nobody_rated_have_no_stars(name: str) -> None:
    """What programs make of an unrated picture never counts as a star."""
    assert not xmp.rating(carried.read(samples.sample(name)))


@pytest.mark.parametrize("form", [element, attribute])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_both_forms_in_every_container(form: Callable[..., str], kind: str) -> None:
    """Namespaces count, prefixes do not."""
    data = samples.with_xmp(kind, packet(form("Rating", ADOBE, 3)))
    assert xmp.rating(carried.read(data)) == 3


@pytest.mark.parametrize("form", [element, attribute])
def test_the_order_of_the_properties(form: Callable[..., str]) -> None:
    """xmp:Rating counts before ACDSee's, ACDSee's before that of Windows, even with 0."""
    windows, acdsee = form("Rating", PHOTO + "/", 99), form("rating", ACDSEE, 2)
    assert rated(windows) == 5
    assert rated(windows, acdsee) == 2
    assert rated(windows, acdsee, form("Rating", ADOBE, 0)) == 0
    assert rated(windows, form("Rating", ADOBE, "")) == 5


@pytest.mark.parametrize(
    ("percent", "stars"),
    [
        *[(0, 0), (1, 1), (12, 1), (13, 2), (25, 2), (37, 2), (38, 3), (50, 3), (62, 3), (63, 4)],
        *[(75, 4), (87, 4), (88, 5), (99, 5), (100, 5), (101, None), (-1, None)],
    ],
)
def test_percent_of_windows(percent: int, stars: int | None) -> None:
    """The bounds of Windows, under both spellings of its namespace."""
    assert rated(attribute("Rating", PHOTO, percent)) == stars
    assert rated(element("Rating", PHOTO + "/", percent)) == stars


@pytest.mark.parametrize(
    ("text", "stars"),
    [(" 4 ", 4), ("4.0", 4), ("3.9", 3), ("-1", -1), ("-1.0", -1), ("0", 0)],
)
def test_values(text: str, stars: int) -> None:
    """Numbers from -1 to 5 count, also where a program writes them as decimals."""
    assert rated(element("Rating", ADOBE, text)) == stars
    assert rated(attribute("Rating", ADOBE, text)) == stars


@pytest.mark.parametrize(
    "text", ["-2", "6", "", "five", "NaN", "1e1", "1_0", "\u0663", "9" * 5000], ids=range(9)
)
def test_no_values(text: str) -> None:
    """Anything else is no rating, however Python would read it."""
    assert rated(element("Rating", ADOBE, text)) is None
    assert rated(attribute("Rating", ADOBE, text)) is None


def test_only_the_picture_itself_is_asked() -> None:
    """A rating of something that the picture was made from is not the picture's own."""
    nested = f'<q:From xmlns:q="urn:q">{attribute("Rating", ADOBE, 5)}</q:From>'
    assert rated(f"<rdf:Description>{nested}</rdf:Description>") is None
    assert rated(attribute("Rating", "urn:other", 5)) is None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<",
        b"no XML",
        b"<x/>",
        packet(attribute("Rating", ADOBE, 5))[:-40],
        packet(attribute("Rating", ADOBE, 5)).replace(b"rdf-syntax", b"rdf_syntax"),
        b'<!DOCTYPE x [<!ENTITY r "5">]>' + packet(element("Rating", ADOBE, "&r;")),
        b'<?xml version="1.0" encoding="nonsense"?><x/>',
        b"<a>" * 100_000,
        packet(attribute("Rating", ADOBE, 5)) + b" " * xmp.MAX_BYTES,
    ],
    ids=range(10),
)
def test_broken_xml_has_no_rating(broken: bytes) -> None:
    """Cut, foreign, boundless or armed XML is as good as none."""
    assert xmp.rating(Carried(8, 8, (), broken)) is None


def test_no_file_is_opened_for_an_entity() -> None:
    """A picture whose XMP names a file of the system has no rating."""
    assert xmp.rating(carried.read(samples.sample("hostile/xmp_xxe.jpg"))) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("stars", [5, 1, 0, -1])
def test_exiftool(tool: Callable[[str], str], tmp_path: Path, kind: str, stars: int) -> None:
    """Stars set by exiftool, on a bare picture and over other stars."""
    path = tmp_path / f"draft.{kind.lower()}"
    path.write_bytes(samples.drawn(kind))
    program = tool("exiftool")
    for rating in (3, stars):
        command = [program, "-overwrite_original", f"-XMP-xmp:Rating={rating}", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        assert xmp.rating(carried.read(path.read_bytes())) == rating


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("key", "value", "stars"),
    [
        ("Xmp.xmp.Rating", "5", 5),
        ("Xmp.xmp.Rating", "-1", -1),
        ("Xmp.acdsee.rating", "3", 3),
        ("Xmp.MicrosoftPhoto.Rating", "75", 4),
    ],
)
def test_exiv2(
    tool: Callable[[str], str], tmp_path: Path, kind: str, key: str, value: str, stars: int
) -> None:
    """Stars set by exiv2, which rewrites the file in place, under each property."""
    path = tmp_path / f"draft.{kind.lower()}"
    path.write_bytes(samples.drawn(kind))
    command = [tool("exiv2"), "-M", f"set {key} {value}", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert xmp.rating(carried.read(path.read_bytes())) == stars


@pytest.mark.parametrize("name", ["digikam79_rating4_pick3.png", "exiv2_0276_xmprating5.jpg"])
def test_agrees_with_exiftool(tool: Callable[[str], str], tmp_path: Path, name: str) -> None:
    """On samples of other programs exiftool reads the same stars."""
    path = Path(shutil.copy(samples.DATA / "rated" / name, tmp_path))
    command = [tool("exiftool"), "-json", "-XMP-xmp:Rating", str(path)]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    assert xmp.rating(carried.read(path.read_bytes())) == shown["Rating"]
