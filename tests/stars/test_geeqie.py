"""Geeqie's own XMP files."""

from __future__ import annotations

import pytest

from hotfolder.stars import geeqie
from hotfolder.stars.mark import DraftFile
from tests import samples


@pytest.mark.parametrize("pattern", geeqie.SIDECARS)
def test_reads_what_geeqie_writes(pattern: str) -> None:
    """Four stars, beside the picture or in `.metadata`."""
    data = samples.sample("sidecars/geeqie20_base.webp.gq.xmp")
    (mark,) = filter(None, geeqie.marks(DraftFile("drafts/a.webp", beside={pattern: data})))
    assert mark.stars == 4
    assert not any(geeqie.marks(DraftFile("drafts/a.webp")))
