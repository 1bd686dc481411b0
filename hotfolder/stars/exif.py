"""The two rating tags of EXIF: Windows Explorer, digiKam, Shotwell, exiv2.

Source: Microsoft's "Photo Metadata Policies" (tags 0x4746 and 0x4749); TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hotfolder.stars.mark import DraftFile, Mark
from hotfolder.stars.packet import from_percent

_RATING, _PERCENT = 0x4746, 0x4749
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # of a TIFF type that holds one


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The stars and the percent of the picture's EXIF. A damaged block has none."""
    try:
        tags = _tags(draft.metadata.exif if draft.metadata and draft.metadata.exif else b"")
    except struct.error:
        return
    if -1 <= (stars := tags.get(_RATING, 0)) <= 5:
        yield Mark("Rating", stars)
    if 0 <= (percent := tags.get(_PERCENT, 0)) <= 100:
        yield Mark("RatingPercent", from_percent(percent))


def _tags(tiff: bytes) -> dict[int, int]:
    """The single numbers in the first directory of a TIFF block; raises struct.error."""
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return {}
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    found = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag in (_RATING, _PERCENT) and values == 1 and kind in _NUMBERS:
            (found[tag],) = struct.unpack_from(order + _NUMBERS[kind], tiff, entry + 8)
    return found
