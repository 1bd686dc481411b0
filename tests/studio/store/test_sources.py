"""Pictures kept by their pixels."""

from __future__ import annotations

from PIL import Image

from hotfolder.images import pixels
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import sources


def test_a_picture_is_kept_once(studio: Studio) -> None:
    """The same pixels make one file, which gives the same pixels back."""
    image = Image.linear_gradient("L").convert("RGB")
    sha256 = sources.keep(studio, image)
    assert sources.keep(studio, image.copy()) == sha256
    assert [p.name for p in studio.sources.iterdir()] == [f"{sha256}.png"]
    found = sources.find(studio, sha256)
    assert found is not None
    assert pixels.pixel_hash(found) == sha256


def test_a_kept_picture_that_was_changed_is_not_given(studio: Studio) -> None:
    """What lies there under a hash must have that hash."""
    sha256 = sources.keep(studio, Image.new("RGB", (8, 8)))
    other = pixels.encode_png(Image.new("RGB", (8, 8), "red"), {})
    (studio.sources / f"{sha256}.png").write_bytes(other)
    assert sources.find(studio, sha256) is None
    assert sources.find(studio, "0" * 64) is None


def test_a_picture_that_lies_in_the_studio_stands_in_for_a_kept_one(studio: Studio) -> None:
    """Its owner may bring it back, in any lossless format and under any name."""
    image = Image.linear_gradient("L").convert("RGB")
    sha256 = pixels.pixel_hash(image)
    (studio.seeds / "rubbish.png").write_bytes(b"rubbish")
    assert sources.search(studio, sha256) is None
    (studio.inbox / "done/again.png").write_bytes(pixels.encode_png(image, {}))
    found = sources.search(studio, sha256)
    assert found is not None
    assert pixels.pixel_hash(found) == sha256
