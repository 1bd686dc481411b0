"""JPEG: what is read, and what is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import jpeg, pixels
from hotfolder.images.metadata import Metadata
from tests import samples
from tests.samples import EXIF, XMP, segment


def test_reads_comments_xmp_and_exif() -> None:
    """Comments are texts, in UTF-8 where they are that; the first XMP and EXIF count."""
    data = samples.jpeg(
        segment(0xFE, "狐".encode()),
        segment(0xFE, b"caf\xe9\0"),
        segment(0xE1, EXIF + b"MM\0*rest"),
        segment(0xE1, XMP + b"<x/>"),
        segment(0xE1, XMP + b"<second/>"),
    )
    texts = (("Comment", "狐"), ("Comment", "café"))
    assert jpeg.read(data) == Metadata(24, 16, texts, b"<x/>", b"MM\0*rest")


def test_reads_exif_without_its_head() -> None:
    """ImageMagick writes it so when it converts a WebP."""
    assert jpeg.read(samples.jpeg(segment(0xE1, b"MM\0*rest"))).exif == b"MM\0*rest"


def test_reads_the_sides_of_a_progressive_jpeg() -> None:
    """Every kind of frame has its sides in the same place."""
    buffer = io.BytesIO()
    Image.new("L", (31, 17)).save(buffer, "JPEG", progressive=True)
    assert jpeg.read(buffer.getvalue()) == Metadata(31, 17)


def test_passes_over_fill_bytes_and_markers_without_length() -> None:
    """The standard allows any number of 0xFF before a marker."""
    data = samples.jpeg(b"\xff\xff\xff\x01", segment(0xFE, b"x"))
    assert jpeg.read(data).text("Comment") == "x"


def test_notices_every_cut() -> None:
    """A JPEG that lacks even its last byte is cut off, and is not complete."""
    whole = samples.drawn("JPEG")
    assert jpeg.complete(whole)
    for size in range(3, len(whole)):
        assert not jpeg.complete(whole[:size])
        with pytest.raises(PictureError, match="is cut off"):
            jpeg.read(whole[:size])


def test_a_thumbnail_does_not_pass_for_the_picture() -> None:
    """The end marker of a small JPEG in the EXIF block does not complete the picture."""
    whole = samples.jpeg(segment(0xE1, EXIF + samples.drawn("JPEG")))
    assert jpeg.complete(whole)
    assert not jpeg.complete(whole[:-2])


def test_refuses_what_is_damaged() -> None:
    """No frame, no marker, an impossible length and comments without end are refused."""
    whole = samples.drawn("JPEG")
    frame = whole.index(b"\xff\xc0")
    for data, says in {
        whole[:frame] + whole[whole.index(b"\xff\xda") :]: "header is damaged",
        whole[: frame + 5] + bytes(4) + whole[frame + 9 :]: "header is damaged",
        whole[:2] + b"\0\0\0\0" + whole[2:]: "a segment without a marker",
        whole[:2] + b"\xff\xfe\0\1" + whole[2:]: "a segment without a length",
        samples.jpeg(segment(0xEC, b"") * 10_001): "more than 10,000 segments",
    }.items():
        with pytest.raises(PictureError, match=says):
            jpeg.read(data)


def test_reads_no_more_than_so_many_comments() -> None:
    """Of 10,000 comments the first are read."""
    assert len(jpeg.read(samples.jpeg(segment(0xFE, b"x") * 9_000)).texts) == jpeg.MAX_TEXTS


def test_splices_behind_the_head() -> None:
    """What is given takes the place of its like, behind JFIF; all other segments stay."""
    other = segment(0xED, b"Photoshop 3.0\0")
    old = segment(0xE1, XMP + b"<x/>") + segment(0xFE, b"old") + segment(0xE1, EXIF + b"II*\0old")
    data = samples.jpeg(old, other)  # as some programs do: before JFIF
    jfif = data[data.index(b"JFIF") - 4 :]
    for whole in (data, samples.jpeg(jfif[:18], old, other)):
        new = jpeg.splice(whole, [("Comment", "new"), ("Comment", "狐")], b"<y/>", b"MM\0*new")
        texts = (("Comment", "new"), ("Comment", "狐"))
        assert jpeg.read(new) == Metadata(24, 16, texts, b"<y/>", b"MM\0*new")
        assert other in new and b"old" not in new
        assert new[2:4] in (b"\xff\xe0", b"\xff\xe1")
    assert jpeg.splice(data) == data
    assert jpeg.bare(data) == samples.drawn("JPEG")


def test_bare_has_only_what_the_pixels_need() -> None:
    """Adobe's mark of the colour space stays; profiles, thumbnails and what follows the end go."""
    needed = segment(0xEE, b"Adobe\0d\0\0\0\0\1")
    secret = b"secret" * 9
    others = [
        segment(0xE2, b"ICC_PROFILE\0\1\1" + secret), segment(0xE2, b"MPF\0" + secret),
        segment(0xE0, b"JFXX\0\x10" + secret), segment(0xED, secret), segment(0xFE, secret),
    ]  # fmt: skip
    data = samples.jpeg(needed, *others) + secret
    assert needed in jpeg.bare(data) and b"secret" not in jpeg.bare(data)
    assert pixels.pixel_hash(pixels.decode(jpeg.bare(data))) == pixels.pixel_hash(
        pixels.decode(samples.drawn("JPEG"))
    )


@pytest.mark.parametrize("progressive", [True, False])
def test_bare_keeps_every_scan(progressive: bool) -> None:
    """Progressive pictures have several, with tables between; comments there go as well."""
    image = Image.effect_noise((64, 48), 40).convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "JPEG", progressive=progressive, restart_marker_blocks=3)
    data = stream.getvalue()
    last = data.rindex(b"\xff\xda")
    spoilt = data[:last] + segment(0xFE, b"secret") + data[last:] + b"secret"
    bare = jpeg.bare(spoilt)
    assert b"secret" not in bare
    assert pixels.pixel_hash(pixels.decode(bare)) == pixels.pixel_hash(pixels.decode(data))


def test_a_segment_has_its_limits() -> None:
    """What does not fit is refused where it is written, not where it is read."""
    with pytest.raises(ValueError, match="at most 65,533"):
        jpeg.splice(samples.drawn("JPEG"), xmp=bytes(jpeg.ROOM.xmp_bytes + 1))
    longest = bytes(jpeg.ROOM.xmp_bytes)
    assert jpeg.read(jpeg.splice(samples.drawn("JPEG"), xmp=longest)).xmp == longest
