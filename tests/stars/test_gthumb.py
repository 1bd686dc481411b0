"""gThumb's files in `.comments`."""

from __future__ import annotations

import pytest

from hotfolder.stars import gthumb
from hotfolder.stars.mark import DraftFile, Mark
from tests import samples

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'


def marks(data: bytes) -> list[Mark]:
    """The marks of a draft with this file in `.comments`."""
    return [
        m for m in gthumb.marks(DraftFile("drafts/a.png", beside={gthumb.SIDECARS[0]: data})) if m
    ]


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_reads_what_gthumb_writes(kind: str) -> None:
    """Five stars; a caption and a note are no marks."""
    (mark,) = marks(samples.sample(f"sidecars/gthumb_comments_base.{kind}.xml"))
    assert mark.stars == 5


def test_categories_are_tags() -> None:
    """What gThumb calls tags are words that the owner may count."""
    tags = b'<categories><category value="Starred"/><category value="sea"/></categories>'
    (mark,) = marks(HEAD + b"<comment>" + tags + b"</comment>")
    assert mark.words == {"starred", "sea"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<comment>",
        b"no XML",
        b"<comment/>",
        b'<comment><rating value="0"/></comment>',
        b'<comment><rating value="6"/></comment>',
        b'<comment><rating value="five"/></comment>',
        b"<comment><rating/></comment>",
        b'<!DOCTYPE x [<!ENTITY r "5">]><comment><rating value="&r;"/></comment>',
        b'<comment><rating value="5"/></comment>' + b" " * gthumb.MAX_BYTES,
    ],
    ids=range(10),
)
def test_what_is_no_rating(data: bytes) -> None:
    """Nothing, cut off, too much, armed, or no number of stars."""
    assert marks(data) == []
