"""The tags that Dolphin, Gwenview and others set: the extended attribute `user.xdg.tags`."""

from __future__ import annotations

from collections.abc import Iterator

from hotfolder.stars.mark import DraftFile, Mark, words

ATTRIBUTE = "user.xdg.tags"


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The tags, which commas part. Of a tag in a tree, as in `Drafts/star`, also its last name."""
    text = draft.xattrs.get(ATTRIBUTE, b"").decode("utf-8", "replace").strip("\0")
    tags = [tag for tag in text.split(",") if tag]
    yield words(ATTRIBUTE, *tags, *(tag.rpartition("/")[2] for tag in tags))
