"""XMP packets: every form of every property, and what is no mark."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotfolder.images import xmp
from hotfolder.stars import packet
from hotfolder.stars.mark import Mark, together

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ADOBE = "http://ns.adobe.com/xap/1.0/"
ACDSEE = "http://ns.acdsee.com/iptc/1.0/"
DIGIKAM = "http://www.digikam.org/ns/1.0/"
DARKTABLE = "http://darktable.sf.net/"
DC = "http://purl.org/dc/elements/1.1/"
PHOTO = "http://ns.microsoft.com/photo/1.0"


def element(name: str, namespace: str, value: object) -> str:
    """A description with one property as an element, under a prefix of our own."""
    prop = f'<q:{name} xmlns:q="{namespace}">{value}</q:{name}>'
    return f'<rdf:Description rdf:about="">{prop}</rdf:Description>'


def attribute(name: str, namespace: str, value: object) -> str:
    """A description with one property as an attribute, under a prefix of our own."""
    return f'<rdf:Description rdf:about="" xmlns:q="{namespace}" q:{name}="{value}"/>'


def packed(*descriptions: str) -> bytes:
    """An XMP packet with its usual wrapping."""
    inside = f'<rdf:RDF xmlns:rdf="{RDF}">{"".join(descriptions)}</rdf:RDF>'
    meta = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{inside}</x:xmpmeta>'
    return f'<?xpacket begin="\ufeff" id="x"?>\n{meta}\n<?xpacket end="w"?>'.encode()


def found(*descriptions: str) -> dict[str, Mark]:
    """The marks in a packet with these descriptions, by their property."""
    return {mark.where: mark for mark in packet.marks_in(packed(*descriptions)) if mark}


def rated(*descriptions: str) -> int:
    """The most stars in a packet with these descriptions, -1 if one rejects."""
    return together(found(*descriptions).values(), 1, ())


@pytest.mark.parametrize("form", [element, attribute])
def test_each_property_is_a_mark_of_its_own(form: Callable[..., str]) -> None:
    """Which of them changes can be told; prefixes do not count, namespaces do."""
    windows, acdsee = form("Rating", PHOTO + "/", 99), form("rating", ACDSEE, 2)
    assert {w: m.stars for w, m in found(windows, acdsee, form("Rating", ADOBE, 3)).items()} == {
        "MicrosoftPhoto:Rating": 5,
        "acdsee:rating": 2,
        "xmp:Rating": 3,
    }
    assert rated(windows, form("Rating", ADOBE, 0)) == 5, "a draft says 0 until somebody looks"
    assert rated(windows, form("Rating", ADOBE, "")) == 5
    assert rated(windows, form("Rating", ADOBE, -1)) == -1


@pytest.mark.parametrize("form", [element, attribute])
def test_labels(form: Callable[..., str]) -> None:
    """Pick and colour labels are words that the owner may count, but a rejection rejects."""
    assert found(form("Label", ADOBE, "Red"))["xmp:Label"].words == {"red"}
    assert found(form("PickLabel", DIGIKAM, 3))["digiKam:PickLabel"].words == {"accepted"}
    assert found(form("PickLabel", DIGIKAM, 1))["digiKam:PickLabel"].stars == -1
    assert not found(form("PickLabel", DIGIKAM, 0), form("ColorLabel", DIGIKAM, 0))
    assert not found(form("PickLabel", DIGIKAM, 9), form("ColorLabel", DIGIKAM, -1))
    assert found(form("ColorLabel", DIGIKAM, 4))["ColorLabel"].words == {"green"}


def test_lists_of_words() -> None:
    """Keywords and darktable's colours stand in lists."""
    inside = "<rdf:Bag><rdf:li>Star</rdf:li><rdf:li>sea</rdf:li></rdf:Bag>"
    assert found(element("subject", DC, inside))["dc:subject"].words == {"star", "sea"}
    colours = "<rdf:Seq><rdf:li>0</rdf:li><rdf:li>3</rdf:li><rdf:li>7</rdf:li></rdf:Seq>"
    assert found(element("colorlabels", DARKTABLE, colours))["colorlabels"].words == {"red", "blue"}


@pytest.mark.parametrize("form", [element, attribute])
def test_one_star_of_darktable_is_none(form: Callable[..., str]) -> None:
    """It gives one star to all that it imports; every other rating counts."""
    version = attribute("xmp_version", DARKTABLE, 5)
    assert rated(version, form("Rating", ADOBE, 1)) == 0
    assert rated(form("Rating", ADOBE, 1)) == 1
    assert [rated(version, form("Rating", ADOBE, n)) for n in (-1, 2, 5)] == [-1, 2, 5]


@pytest.mark.parametrize(
    ("percent", "stars"),
    [
        *[(0, 0), (1, 1), (12, 1), (13, 2), (25, 2), (37, 2), (38, 3), (50, 3), (62, 3), (63, 4)],
        *[(75, 4), (87, 4), (88, 5), (99, 5), (100, 5), (101, 0), (-1, 0)],
    ],
)
def test_percent_of_windows(percent: int, stars: int) -> None:
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
    assert not found(element("Rating", ADOBE, text))
    assert not found(attribute("Rating", ADOBE, text))


def test_only_the_picture_itself_is_asked() -> None:
    """A rating of something that the picture was made from is not the picture's own."""
    nested = f'<q:From xmlns:q="urn:q">{attribute("Rating", ADOBE, 5)}</q:From>'
    assert not found(f"<rdf:Description>{nested}</rdf:Description>")
    assert not found(attribute("Rating", "urn:other", 5))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<",
        b"no XML",
        b"<x/>",
        packed(attribute("Rating", ADOBE, 5))[:-40],
        packed(attribute("Rating", ADOBE, 5)).replace(b"rdf-syntax", b"rdf_syntax"),
        b'<!DOCTYPE x [<!ENTITY r "5">]>' + packed(element("Rating", ADOBE, "&r;")),
        b'<?xml version="1.0" encoding="nonsense"?><x/>',
        b"<a>" * 100_000,
        packed(attribute("Rating", ADOBE, 5)) + b" " * xmp.MAX_BYTES,
    ],
    ids=range(10),
)
def test_broken_xml_has_no_rating(broken: bytes) -> None:
    """Cut, foreign, boundless or armed XML is as good as none."""
    assert not any(packet.marks_in(broken))


@pytest.mark.parametrize("name", ["ColorLabel", "PickLabel"])
def test_a_label_that_is_no_number_says_nothing(name: str) -> None:
    """Other programs may write a word where digiKam writes a number."""
    assert not any(found(attribute(name, "http://www.digikam.org/ns/1.0/", "red")).values())
