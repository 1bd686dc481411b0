"""The freedesktop tags attribute."""

from __future__ import annotations

import pytest

from hotfolder.stars import tags
from hotfolder.stars.mark import DraftFile


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"star", {"star"}),
        (b"Star,sea", {"star", "sea"}),
        (" ★ , 月 ".encode(), {"★", "月"}),
        (b"Drafts/star", {"drafts/star", "star"}),
        (b"star\0", {"star"}),
        (b"", set()),
        (b",,", set()),
        (b"\xff\xfe", {"\ufffd\ufffd"}),
    ],
)
def test_tags(value: bytes, words: set[str]) -> None:
    """Commas part them; of a tag in a tree also the last name counts."""
    (mark,) = tags.marks(DraftFile("drafts/a.png", xattrs={"user.xdg.tags": value}))
    assert mark.words == words
