"""Marks in the XMP file that Geeqie keeps for a picture, beside it or in `.metadata`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hotfolder.stars import packet
from hotfolder.stars.mark import DraftFile, Mark

SIDECARS = ("{name}.gq.xmp", ".metadata/{name}.gq.xmp")


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The marks in `name.ext.gq.xmp`."""
    for pattern in SIDECARS:
        for mark in packet.marks_in(draft.beside.get(pattern, b"")):
            yield replace(mark, where=f"{pattern} {mark.where}")
