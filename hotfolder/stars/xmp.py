"""Marks in a picture's own XMP packet: digiKam, gThumb, Shotwell, Lightroom, Bridge, exiftool."""

from __future__ import annotations

from collections.abc import Iterator

from hotfolder.stars import packet
from hotfolder.stars.mark import DraftFile, Mark


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The marks in the packet that the picture carries."""
    if draft.metadata and draft.metadata.xmp:
        yield from packet.marks_in(draft.metadata.xmp)
