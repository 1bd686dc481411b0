"""How people and programs marked drafts in bug reports, each with what is right."""

from __future__ import annotations

import pytest

from hotfolder.studio.layout import Studio
from tests.studio.scan.test_ratings import Room

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"'
    ' xmlns:darktable="http://darktable.sf.net/" {}>{}</rdf:Description></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)


def packet(inside: str = "", attributes: str = "") -> bytes:
    """An XMP packet in UTF-8."""
    return _PACKET.format(attributes, inside).encode()


RATED = packet("<xmp:Rating>4</xmp:Rating>")
CASES = {
    "capital ending": ("a.XMP", RATED, True),
    "immich": ("a.png.xmp", packet(attributes='xmp:Rating="5"'), True),
    "UTF-16": ("a.png.xmp", RATED.decode().encode("utf-16"), True),
    "byte order mark": ("a.png.xmp", b"\xef\xbb\xbf" + RATED, True),
    "a number with a point": ("a.png.xmp", packet(attributes='xmp:Rating="3.0"'), True),
    "Windows alone": (
        "a.png.xmp",
        packet("<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating>"),
        True,
    ),
    "a favourite among the keywords": (
        "a.png.xmp",
        packet("<dc:subject><rdf:Bag><rdf:li>Favourite</rdf:li></rdf:Bag></dc:subject>"),
        True,
    ),
    "the star that darktable gives to all": (
        "a.png.xmp",
        packet(attributes='xmp:Rating="1" darktable:xmp_version="5"'),
        False,
    ),
    "a duplicate in darktable, which is no file": (
        "a_01.png.xmp",
        packet(attributes='xmp:Rating="4" darktable:xmp_version="5"'),
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_sidecar_of_a_bug_report(studio: Studio, case: str) -> None:
    """It picks the draft, or leaves it."""
    name, data, picked = CASES[case]
    room = Room(studio)
    room.draft()
    room.settle()
    room.write(f"drafts/{name}", data)
    room.settle()
    assert room.paths == (["drafts/a.png"] if picked else [])
