"""Copies for websites."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hotfolder.cli import main
from hotfolder.images import metadata, pixels
from hotfolder.recipes.encoding import Encoding, encoding
from tests import samples
from tests.outlets.trial import exported, made


@pytest.mark.parametrize("encoding", [Encoding(), encoding("webp")], ids=str)
def test_a_small_file_without_a_prompt(encoding: Encoding) -> None:
    """A WebP of at most 2048 px, much smaller than before; a lossless one is encoded again."""
    path = made(encoding=encoding, size=(3000, 200))
    copy = exported("web", path)
    data = copy.read_bytes()
    assert metadata.format_of(data) == "webp" and b"VP8 " in data
    assert pixels.decode(data).size == (2048, 137)
    assert b"castle" not in data and copy.name.startswith("picture-")


def test_pictures_of_others() -> None:
    """Nothing is said of them, whatever they said."""
    Path("a.png").write_bytes(samples.sample("public/i09-time-taken.png"))
    assert main(["export", "--for", "web", "a.png"]) == 0
    (copy,) = Path("exported").iterdir()
    carried = metadata.read(copy.read_bytes())
    assert (carried.texts, carried.xmp, carried.exif) == ((), None, None)
    with Image.open(copy) as image:
        assert image.format == "WEBP"
