"""Containers by their signature, and the samples of real programs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hotfolder.errors import PictureError
from hotfolder.images import metadata
from tests import samples

SIZES = {"gm_convert": 32, "im6_convert": 32, "im7wasm_png2png": 32}
WITHOUT_XMP = ("cwebp_default", "jpegtran_copynone", "jpegtran_default", "pillow_naive", "strip")


def test_every_container_is_found_by_its_signature() -> None:
    """What a file is called does not matter."""
    for kind in ("PNG", "JPEG", "WEBP"):
        picture = metadata.read(samples.drawn(kind))
        assert (picture.width, picture.height) == (24, 16)
        assert metadata.complete(samples.drawn(kind))


@pytest.mark.parametrize("data", [b"", b"GIF88a", b"\x89PNG", b"%PDF-1.7"])
def test_anything_else_is_refused(data: bytes) -> None:
    """No picture of a known container: the sentence names those that are known."""
    with pytest.raises(PictureError, match="supported are jpeg, png, webp, AVIF, BMP, GIF, HEIC"):
        metadata.read(data)
    assert not metadata.complete(data)


def test_suffixes_are_those_of_all_containers() -> None:
    """Suffixes come from the modules, lower case."""
    assert {".png", ".jpg", ".jpeg", ".webp"} <= metadata.suffixes()
    assert all(suffix == suffix.lower() for suffix in metadata.suffixes())


def test_reading_needs_no_pil() -> None:
    """Looking for stars and recipes does not import the library that decodes pixels."""
    code = (
        "import sys; from hotfolder.images import metadata, recipe_text, picture; "
        "from hotfolder.stars import detectors; metadata.suffixes(); "
        "assert not [name for name in sys.modules if name.split('.')[0] in ('PIL', 'numpy')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", [n for n in samples.PICTURES if not n.startswith("hostile")])
def test_reads_what_real_programs_write(name: str) -> None:
    """Size, XMP and EXIF of each sample are found where that program keeps them."""
    data = samples.sample(name)
    picture = metadata.read(data)
    stem = name.rpartition("/")[2].partition(".")[0]
    side = SIZES.get(stem, 64)
    assert (picture.width, picture.height) == (side, side)
    assert metadata.complete(data)
    if not name.startswith("reencoded"):
        assert picture.xmp and b"adobe:ns:meta" in picture.xmp
        assert picture.exif is None or picture.exif[:4] in (b"MM\0*", b"II*\0")
    if any(word in stem for word in WITHOUT_XMP):
        assert picture.xmp is None and picture.exif is None


@pytest.mark.parametrize("stem", ["im6_convert", "gm_convert", "pngcrush", "pngquant"])
def test_our_text_survives_programs_that_keep_text(stem: str) -> None:
    """The ASCII text of the layout comes out of these programs letter by letter."""
    before = metadata.read(samples.sample("layout/layout_emoji.png")).text("hotfolder")
    assert metadata.read(samples.sample(f"reencoded/{stem}.png")).text("hotfolder") == before


payloads = st.binary(min_size=1, max_size=300)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
keywords = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=79)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@given(xmp=payloads, exif=payloads, texts=st.lists(st.tuples(keywords, words), max_size=3))
def test_what_is_spliced_is_read(
    kind: str, xmp: bytes, exif: bytes, texts: list[tuple[str, str]]
) -> None:
    """Any bytes come back from every container, and the bare picture as it was."""
    assume(not exif.startswith(b"Exif\0\0"))
    if kind == "JPEG":
        texts = [("Comment", text) for _, text in texts if text == text.rstrip("\0")]
    # Some keywords of PNG mean something else than a text: XMP, and EXIF as ImageMagick has it.
    free = [text for text in texts if not text[0].startswith(("Raw", "XML:com.adobe.xmp"))]
    texts = [] if kind == "WEBP" else free
    whole = metadata.splice(samples.drawn(kind), texts, xmp, exif)
    read = metadata.read(whole)
    assert (read.xmp, read.exif, read.texts) == (xmp, exif, tuple(texts))
    assert metadata.complete(whole)
    bare = metadata.read(metadata.bare(whole))
    assert (bare.xmp, bare.exif, bare.texts) == (None, None, ())
    assert metadata.bare(metadata.bare(whole)) == metadata.bare(samples.drawn(kind))
