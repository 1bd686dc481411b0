"""WebP: what is read, and what is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import webp
from hotfolder.images.metadata import Metadata
from tests import samples


def test_reads_xmp_and_exif() -> None:
    """The first of both count, wherever they lie, with odd lengths padded."""
    data = samples.webp((b"XMP ", b"<xx/>"), (b"EXIF", b"Exif\0\0MM\0*"), (b"XMP ", b"<y/>"))
    assert webp.read(data) == Metadata(24, 16, (), b"<xx/>", b"MM\0*")


@pytest.mark.parametrize("settings", [{}, {"lossless": True}, {"xmp": b"<x/>"}])
def test_reads_the_sides_of_every_kind(settings: dict[str, object]) -> None:
    """Lossy, lossless and extended files have their sides in different places."""
    buffer = io.BytesIO()
    Image.new("RGB", (301, 17), "teal").save(buffer, "WEBP", **settings)
    metadata = webp.read(buffer.getvalue())
    assert (metadata.width, metadata.height) == (301, 17)


def test_notices_every_cut() -> None:
    """A WebP that lacks even its last byte is cut off, and is not complete."""
    whole = samples.webp((b"XMP ", b"<x/>"))
    assert webp.complete(whole)
    for size in range(12, len(whole)):
        assert not webp.complete(whole[:size])
        with pytest.raises(PictureError, match="is cut off"):
            webp.read(whole[:size])


def test_refuses_what_is_damaged() -> None:
    """No pixels, sides that are none, a chunk beyond the end, and chunks without end."""
    for data, says in {
        samples.riff((b"XMP ", b"<x/>")): "header is damaged",
        samples.riff((b"VP8X", b"short")): "header is damaged",
        samples.riff((b"VP8L", b"short")): "header is damaged",
        samples.riff((b"VP8 ", b"too short")): "header is damaged",
        samples.riff()[:4] + b"\x0c\0\0\0WEBPVP8 \xff\0\0\0": "longer than the file",
        samples.riff(*[(b"ABCD", b"")] * 65_537): "more than 65,536 chunks",
    }.items():
        with pytest.raises(PictureError, match=says):
            webp.read(data)


@pytest.mark.parametrize("settings", [{}, {"lossless": True}, {"xmp": b"<old/>"}])
def test_splices_behind_the_pixels(settings: dict[str, object]) -> None:
    """Any kind of WebP becomes an extended one whose head says what is there."""
    buffer = io.BytesIO()
    picture = Image.new("RGBA", (301, 17), (0, 128, 128, 77))
    picture.save(buffer, "WEBP", **settings)
    old = buffer.getvalue()
    new = webp.splice(old, xmp=b"<new/>", exif=b"MM\0*odd")
    assert webp.read(new) == Metadata(301, 17, (), b"<new/>", b"MM\0*odd")
    assert new[12:16] == b"VP8X" and new[20] & 0x2C == 0x0C
    assert webp.read(webp.bare(new)) == Metadata(301, 17)
    assert webp.bare(new)[20] & 0x2C == 0
    for data in (new, webp.bare(new)):
        with Image.open(io.BytesIO(data)) as again, Image.open(io.BytesIO(old)) as before:
            assert again.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()


def test_splices_what_is_given() -> None:
    """The rest stays as it is; texts have no place."""
    data = samples.webp((b"XMP ", b"<x/>"), (b"ABCD", b"other"))
    new = webp.splice(data, exif=b"MM\0*")
    assert webp.read(new) == Metadata(24, 16, (), b"<x/>", b"MM\0*")
    assert b"ABCD" in new and b"ABCD" not in webp.bare(new)
    with pytest.raises(ValueError, match="no texts"):
        webp.splice(data, [("a", "b")])
