"""An XMP packet -> the marks in it: ratings, pick labels, colour labels, keywords.

The numbers of labels are those of digiKam's and darktable's own namespaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hotfolder.images import xmp
from hotfolder.stars.mark import REJECTED, Mark, words

_DARKTABLE = "{http://darktable.sf.net/}"
_DIGIKAM = "{http://www.digikam.org/ns/1.0/}"
_ADOBE = "{http://ns.adobe.com/xap/1.0/}Rating"
_STARS = {_ADOBE: "xmp:Rating", "{http://ns.acdsee.com/iptc/1.0/}rating": "acdsee:rating"}
_PERCENT = {
    "{http://ns.microsoft.com/photo/1.0/}Rating": "MicrosoftPhoto:Rating",  # digiKam, exiv2
    "{http://ns.microsoft.com/photo/1.0}Rating": "MicrosoftPhoto:Rating",  # Windows, exiftool
}
_LEAST_PERCENT = (1, 13, 38, 63, 88)  # of one to five stars; digiKam writes 1, 25, 50, 75, 99
_PICKS = {1: "rejected", 2: "pending", 3: "accepted"}
_COLOURS = {  # by the property that has their numbers
    f"{_DIGIKAM}ColorLabel": (
        *("", "red", "orange", "yellow", "green"),
        *("blue", "magenta", "gray", "black", "white"),
    ),
    f"{_DARKTABLE}colorlabels": ("red", "yellow", "green", "blue", "purple"),
}
_WORDS = {
    "{http://ns.adobe.com/xap/1.0/}Label": "xmp:Label",
    "{http://purl.org/dc/elements/1.1/}subject": "dc:subject",
}
_NUMBER = re.compile(r"\s*(-?\d{1,4})(?:\.\d{0,20})?\s*", re.ASCII)


def marks_in(packet: bytes) -> Iterator[Mark]:
    """The marks in a packet, one for each property. Broken XML has none."""
    properties = xmp.properties(packet)
    if not properties:
        return
    # darktable gives every picture that it imports one star.
    imported = f"{_DARKTABLE}xmp_version" in properties
    for name, where in _STARS.items():
        stars = _whole(properties, name)
        if stars is not None and REJECTED <= stars <= 5 and not (imported and stars == 1):
            yield Mark(where, stars)
    for name, where in _PERCENT.items():
        percent = _whole(properties, name)
        if percent is not None and 0 <= percent <= 100:
            yield Mark(where, from_percent(percent))
    pick = _PICKS.get(_whole(properties, f"{_DIGIKAM}PickLabel") or 0)
    if pick == "rejected":
        yield Mark("digiKam:PickLabel", REJECTED)
    elif pick:
        yield words("digiKam:PickLabel", pick)
    for name, colours in _COLOURS.items():
        numbers = [_number(text) for text in properties.get(name, ())]
        found = [colours[n] for n in numbers if n is not None and 0 <= n < len(colours)]
        yield words(name.rpartition("}")[2], *found)
    for name, where in _WORDS.items():
        yield words(where, *properties.get(name, ()))


def from_percent(percent: int) -> int:
    """The stars that Windows shows for a rating from 0 to 100."""
    return sum(percent >= least for least in _LEAST_PERCENT)


def _whole(properties: Mapping[str, tuple[str, ...]], name: str) -> int | None:
    values = properties.get(name, ())
    return _number(values[0]) if len(values) == 1 else None


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else None
