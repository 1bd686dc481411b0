"""The rating in a picture's XMP packet: xmp, ACDSee and Windows properties.

Source: XMP specification part 1 (ISO 16684-1), the serializations of properties in 7.4 and 7.9.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from hotfolder.images.carried import Carried
from hotfolder.stars import REJECTED

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 2**20

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_STARS = ("{http://ns.adobe.com/xap/1.0/}Rating", "{http://ns.acdsee.com/iptc/1.0/}rating")
_PERCENT = (
    "{http://ns.microsoft.com/photo/1.0/}Rating",  # digiKam, exiv2
    "{http://ns.microsoft.com/photo/1.0}Rating",  # Windows, exiftool
)
_LEAST_PERCENT = (1, 13, 38, 63, 88)  # of one to five stars; digiKam writes 1, 25, 50, 75, 99
_NUMBER = re.compile(r"\s*(-?\d{1,4})(?:\.\d{0,20})?\s*", re.ASCII)


def rating(carried: Carried) -> int | None:
    """The stars in the XMP packet, 0 to 5, -1 for rejected, or None where it has no rating.

    The first property that is there counts, even if it says 0: a program that takes a star away
    leaves the properties of other programs as they were. Broken XML has no rating.
    """
    properties = _properties(carried.xmp or b"")
    for name in _STARS:
        stars = _whole(properties.get(name))
        if stars is not None and REJECTED <= stars <= 5:
            return stars
    for name in _PERCENT:
        percent = _whole(properties.get(name))
        if percent is not None and 0 <= percent <= 100:
            return sum(percent >= least for least in _LEAST_PERCENT)
    return None


def _properties(packet: bytes) -> dict[str, str]:
    """Name with namespace to value, of the simple properties of the picture itself."""
    if not packet or len(packet) > MAX_BYTES:
        return {}
    try:
        root = fromstring(packet.strip(b" \t\r\n\0"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    found: dict[str, str] = {}
    rdf: Element | None = next(root.iter(f"{_RDF}RDF"), None)
    for description in [] if rdf is None else rdf.findall(f"{_RDF}Description"):
        elements = ((element.tag, element.text or "") for element in description)
        for name, value in (*description.items(), *elements):
            found.setdefault(name, value)
    return found


def _whole(text: str | None) -> int | None:
    match = _NUMBER.fullmatch(text or "")
    return int(match[1]) if match else None
