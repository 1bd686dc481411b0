"""The stars that Gwenview and Dolphin set: the extended attribute `user.baloo.rating`, 0 to 10."""

from __future__ import annotations

from collections.abc import Iterator

from hotfolder.stars.mark import DraftFile, Mark

ATTRIBUTE = "user.baloo.rating"


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The stars; KDE counts in halves, and half a star is one."""
    value = draft.xattrs.get(ATTRIBUTE, b"").strip(b" \0")
    if value.isdigit() and len(value) <= 2 and int(value) <= 10:
        yield Mark(ATTRIBUTE, (int(value) + 1) // 2)
