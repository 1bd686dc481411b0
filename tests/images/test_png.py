"""PNG: what is read, what is refused, and how fast."""

from __future__ import annotations

import time
import tracemalloc
import zlib

import pytest

from hotfolder.errors import PictureError
from hotfolder.images import png
from hotfolder.images.metadata import Metadata
from tests import samples
from tests.samples import chunk


def test_reads_texts_of_every_kind_before_and_after_the_pixels() -> None:
    """tEXt, zTXt and iTXt, packed and plain, are all read, in the order of the file."""
    data = samples.png(
        chunk(b"tEXt", b"plain\0caf\xe9"),
        chunk(b"zTXt", b"packed\0\0" + zlib.compress(b"caf\xe9")),
        chunk(b"iTXt", b"wide\0\0\0en\0breit\0" + "狐".encode()),
        after=chunk(b"iTXt", b"wide packed\0\1\0\0\0" + zlib.compress("狐".encode())),
    )
    texts = (("plain", "café"), ("packed", "café"), ("wide", "狐"), ("wide packed", "狐"))
    assert png.read(data) == Metadata(24, 16, texts)


def test_reads_xmp_and_exif_where_they_belong() -> None:
    """XMP lies in an iTXt chunk and EXIF in an eXIf chunk; neither is a text."""
    data = samples.png(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"), after=chunk(b"eXIf", b"MM\0*rest")
    )
    assert png.read(data) == Metadata(24, 16, (), b"<x/>", b"MM\0*rest")


def test_reads_xmp_and_exif_from_raw_profiles() -> None:
    """ImageMagick and exiv2 0.27 write both as lines of hexadecimal digits."""
    exif = b"\nexif\n      10\n" + (b"Exif\0\0MM\0*").hex().encode() + b"\n"
    xmp = b"\nxmp\n       4\n3c78\n2f3e\n"
    data = samples.png(
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(exif)),
        chunk(b"tEXt", b"Raw profile type xmp\0" + xmp),
    )
    assert png.read(data) == Metadata(24, 16, (), b"<x/>", b"MM\0*")


def test_keeps_a_raw_profile_that_is_none_as_text() -> None:
    """Digits that are not hexadecimal pairs make no profile."""
    data = samples.png(chunk(b"tEXt", b"Raw profile type xmp\0\nxmp\n 2\nabc"))
    assert png.read(data).texts == (("Raw profile type xmp", "\nxmp\n 2\nabc"),)


def test_passes_over_an_ancillary_chunk_with_a_wrong_crc() -> None:
    """A damaged text counts as not there; the rest of the picture is read."""
    damaged = chunk(b"tEXt", b"a\0first")[:-1] + b"\0"
    data = samples.png(damaged, chunk(b"tEXt", b"b\0second"))
    assert png.read(data).texts == (("b", "second"),)


def test_refuses_a_damaged_header() -> None:
    """A wrong CRC, another first chunk and a side of 0 px are no header."""
    whole = samples.png()
    empty = png.SIGNATURE + chunk(b"IHDR", bytes(8) + whole[24:29]) + whole[33:]
    for data in (whole[:19] + b"\xff" + whole[20:], whole[:8] + whole[33:], empty):
        with pytest.raises(PictureError, match="header is damaged"):
            png.read(data)


def test_notices_every_cut() -> None:
    """A PNG that lacks even its last byte is cut off, and is not complete."""
    whole = samples.png(chunk(b"tEXt", b"a\0b"))
    assert png.complete(whole)
    for size in range(len(whole)):
        assert not png.complete(whole[:size])
        with pytest.raises(PictureError, match="is cut off"):
            png.read(whole[:size])


def test_ignores_what_follows_the_end() -> None:
    """Bytes after IEND, as some programs append them, are not looked at."""
    whole = samples.png()
    assert png.complete(whole + b"tail")
    assert png.read(whole + b"tail") == png.read(whole)


def test_does_not_look_at_the_pixels() -> None:
    """Damaged IDAT payloads do not matter to what the picture carries."""
    whole = samples.png(chunk(b"tEXt", b"a\0b"))
    at = whole.index(b"IDAT") + 8
    assert png.read(whole[:at] + b"\xff\xff" + whole[at + 2 :]).text("a") == "b"


def test_passes_over_a_text_without_measure() -> None:
    """A text of more than 1 MiB, packed or not, is not read; the others are."""
    most = bytes(png.MAX_TEXT_BYTES)
    data = samples.png(
        chunk(b"tEXt", b"workflow\0" + most + b"x"),
        chunk(b"zTXt", b"packed\0\0" + zlib.compress(most + b"x")),
        chunk(b"zTXt", b"just\0\0" + zlib.compress(most)),
        chunk(b"tEXt", b"short\0b"),
    )
    assert [keyword for keyword, _ in png.read(data).texts] == ["just", "short"]


def test_reads_no_more_than_so_many_texts() -> None:
    """Of 100 long or 100,000 short texts the first are read: 16 MiB, some thousands."""
    packed = zlib.compress(bytes(png.MAX_TEXT_BYTES))
    long = png.read(samples.png(*[chunk(b"iTXt", b"a\0\1\0\0\0" + packed)] * 100))
    assert sum(len(text) for _, text in long.texts) == png.MAX_ALL_TEXT_BYTES
    short = png.read(samples.png(*[chunk(b"tEXt", b"a\0b")] * 60_000))
    assert 1_000 < len(short.texts) < 5_000


def test_refuses_chunks_without_end() -> None:
    """More chunks than any encoder writes, and chunks without a type, are refused."""
    with pytest.raises(PictureError, match="more than 65,536 chunks"):
        png.read(samples.png(chunk(b"hfRc", b"") * 70_000))
    with pytest.raises(PictureError, match="a chunk without a type"):
        png.read(samples.png(chunk(b"\0\0\0\0", b"")))


@pytest.mark.parametrize("packed", [b"rubbish", zlib.compress(b"text" * 99)[:-8]])
def test_passes_over_text_that_cannot_be_unpacked(packed: bytes) -> None:
    """Broken compression under a right CRC costs one text and nothing else."""
    data = samples.png(chunk(b"zTXt", b"a\0\0" + packed), chunk(b"tEXt", b"b\0c"))
    assert png.read(data).texts == (("b", "c"),)


def test_a_bomb_takes_neither_memory_nor_time() -> None:
    """60 MB of text in 58 kB are passed over within a few MB."""
    data = samples.sample("hostile/ztxt_60MB_bomb.png")
    tracemalloc.start()
    metadata = png.read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert metadata.texts == ()
    assert peak < 8 * 2**20


def test_splices_before_the_pixels() -> None:
    """What is given takes the place of its like; all other chunks stay as they are."""
    raw = b"\nxmp\n       4\n3c78\n2f3e\n"
    old = samples.png(
        chunk(b"tEXt", b"a\0old"),
        chunk(b"tEXt", b"b\0stays"),
        chunk(b"tEXt", b"Raw profile type xmp\0" + raw),
        chunk(b"eXIf", b"MM\0*old"),
        after=chunk(b"zTXt", b"a\0\0" + zlib.compress(b"old")),
    )
    new = png.splice(old, [("a", "new"), ("c", "狐")], b"<y/>", b"MM\0*new")
    texts = (("b", "stays"), ("a", "new"), ("c", "狐"))
    assert png.read(new) == Metadata(24, 16, texts, b"<y/>", b"MM\0*new")
    assert new.index(b"tEXta") < new.index(b"iTXtc") < new.index(b"eXIf") < new.index(b"IDAT")
    assert png.splice(old) == old
    assert png.bare(new) == samples.png()


def test_keeps_a_text_that_is_too_long_to_be_read() -> None:
    """What is passed over in reading is not lost in writing."""
    long = chunk(b"tEXt", b"workflow\0" + bytes(png.MAX_TEXT_BYTES + 1))
    assert long in png.splice(samples.png(long), [("a", "b")])


def test_reads_a_draft_in_under_100_us() -> None:
    """Looking through 100,000 drafts for stars must not wait for pixels."""
    pixels = chunk(b"IDAT", bytes(65_536)) * 2
    recipe = chunk(b"tEXt", b"hotfolder\0" + b"x" * 2000)
    data = samples.png(recipe, pixels)
    times = []
    for _ in range(200):
        begin = time.perf_counter()
        png.read(data)
        times.append(time.perf_counter() - begin)
    assert min(times) < 100e-6
