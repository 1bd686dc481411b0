"""EXIF blocks as programs that check want them."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.images import exif, metadata, pixels
from hotfolder.images.exif_layout import laid_out
from hotfolder.images.picture import embed, publishable, without_prompt
from hotfolder.recipes.encoding import encoding
from tests import samples
from tests.images.made import RECIPE, RECORD
from tests.images.test_picture import IMAGE

TEXT = st.binary(min_size=1, max_size=30).filter(lambda text: b"\0" not in text)
IMAGE_TAGS = {0x010E: TEXT, 0x0112: st.just(6), 0x013C: TEXT}
PHOTO_TAGS = {0x9286: TEXT, 0xA433: TEXT, 0xA002: st.just(9)}
PLACE_TAGS = {1: st.just(b"N"), 2: st.just(((1, 2),) * 3)}
TAGS = st.fixed_dictionaries(
    {"Exif": st.fixed_dictionaries({}, optional=PHOTO_TAGS)},
    optional={
        "0th": st.fixed_dictionaries({}, optional=IMAGE_TAGS),
        "GPS": st.fixed_dictionaries({}, optional=PLACE_TAGS),
        "Interop": st.just({1: b"R98"}),
        "1st": st.fixed_dictionaries({0x0103: st.just(6)}, optional={0x010E: TEXT}),
    },
)
THUMBNAIL = samples.drawn("JPEG")


@given(TAGS, st.booleans())
def test_all_tags_stay(tags: dict[str, object], has_thumbnail: bool) -> None:
    """Those of the thumbnail, of places and of programs as well; in their order, at even places."""
    if has_thumbnail and "1st" in tags:
        tags = {**tags, "thumbnail": THUMBNAIL}
    block = piexif.dump(tags)
    tidy = laid_out(block.removeprefix(b"Exif\0\0"))
    before, after = piexif.load(block), piexif.load(b"Exif\0\0" + tidy)
    for places in (before, after):
        places["1st"].pop(0x0201, None)
        places["0th"].pop(0x8769, None)
        places["0th"].pop(0x8825, None)
        places["Exif"].pop(0xA005, None)
    assert after == before
    (count,) = struct.unpack_from(">H", tidy, 8)
    first = [struct.unpack_from(">H", tidy, 10 + 12 * n)[0] for n in range(count)]
    assert first == sorted(first)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_validators_have_nothing_to_say(
    tool: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    """exiftool and exiv2 accept pictures with and without their prompts, and restored photos."""
    form = encoding(kind, None if kind == "png" else 90)  # type: ignore[arg-type]
    data, _ = publishable(IMAGE, RECIPE, RECORD, form)
    old = exif.block("Camera", "mine", "", None, IMAGE.size if kind == "jpeg" else None)
    theirs = metadata.splice(pixels.encode(IMAGE, form), exif=old)
    for name, made in {
        "with": data,
        "without": without_prompt(data, RECIPE, RECORD),
        "restored": embed(theirs, RECIPE, RECORD),
    }.items():
        path = tmp_path / f"{name}{form.suffix}"
        path.write_bytes(made)
        command = [tool("exiftool"), "-validate", "-warning", "-error", "-a", path]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.split(":")[-1].strip() == "OK", (name, done.stdout)
        done = subprocess.run([tool("exiv2"), "-pa", path], capture_output=True, check=True)
        assert done.stderr == b"", name


def test_where_our_text_lies() -> None:
    """In HostComputer, unless that says which computer it was; ImageHistory is read as well."""
    ours = '{"recipe": 1}'
    assert exif.document(exif.block("x", "", ours)) == ours
    phone = piexif.dump({"0th": {0x013C: b"iPhone 12"}}).removeprefix(b"Exif\0\0")
    beside = exif.block("x", "", ours, phone)
    assert exif.ascii_text(beside, 0x013C) == "iPhone 12"
    assert exif.document(beside) == ours
    older = piexif.dump({"0th": {0x9213: ours.encode()}}).removeprefix(b"Exif\0\0")
    assert exif.document(older) == ours
    again = exif.block("x", "", '{"recipe": 2}', older)
    assert exif.document(again) == '{"recipe": 2}'
    assert exif.ascii_text(again, 0x9213) is None
