"""Marks in an XMP file beside the picture: darktable, digiKam, Lightroom, exiv2, exiftool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hotfolder.stars import packet
from hotfolder.stars.mark import DraftFile, Mark

SIDECARS = ("{name}.xmp", "{stem}.xmp")


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The marks in `name.ext.xmp`, and in `name.xmp` where only one picture has that name.

    The ending may be in capitals.
    """
    for pattern, data in draft.beside.items():
        if (place := pattern.lower()) in SIDECARS:
            for mark in packet.marks_in(data):
                yield replace(mark, where=f"{place} {mark.where}")
