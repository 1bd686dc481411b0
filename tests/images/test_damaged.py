"""Damaged pictures: an answer or a sentence, never another error, and soon."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import exif, metadata, pixels, recipe_text
from hotfolder.images.picture import publishable
from hotfolder.stars import detectors
from hotfolder.stars.mark import DraftFile
from tests import samples
from tests.images.made import RECIPE, RECORD

Damage = Callable[[bytes], bytes]
PUBLISHED = publishable(Image.new("RGB", (24, 16), "teal"), RECIPE, RECORD)[0]
LIMIT_S = 5.0

places = st.floats(0, 1, exclude_max=True)
rubbish = st.binary(max_size=12) | st.sampled_from([b"\xff" * 4, bytes(4), b"\xff\xd9", b"IEND"])


def _replace(at: float, new: bytes) -> Damage:
    return lambda data: data[: (k := int(at * len(data)))] + new + data[k + len(new) :]


def _insert(at: float, new: bytes) -> Damage:
    return lambda data: data[: (k := int(at * len(data)))] + new + data[k:]


def _cut(at: float, size: int) -> Damage:
    return lambda data: data[: (k := int(at * len(data)))] + data[k + size :]


def _flip(at: float, bit: int) -> Damage:
    def flip(data: bytes) -> bytes:
        k = int(at * len(data))
        return data[:k] + bytes([data[k] ^ 1 << bit]) + data[k + 1 :] if data else data

    return flip


damages = st.lists(
    st.builds(_replace, places, rubbish)
    | st.builds(_insert, places, rubbish)
    | st.builds(_cut, places, st.integers(1, 10**6))
    | st.builds(_flip, places, st.integers(0, 7)),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("name", ["published", *samples.PICTURES])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(damages)
def test_damage_is_answered_in_words(name: str, damage: list[Damage]) -> None:
    """Reading, recipe, rating and pixels of a damaged sample give a value or a PictureError."""
    data = PUBLISHED if name == "published" else samples.sample(name)
    for change in damage:
        data = change(data)
    begin = time.process_time()
    metadata.complete(data)
    with suppress(PictureError):
        detectors.marks(DraftFile("drafts/a.png", metadata.read(data)))
    with suppress(PictureError):
        recipe_text.find(metadata.read(data))
    with suppress(PictureError):
        assert pixels.decode(data).mode == "RGB"
    assert time.process_time() - begin < LIMIT_S


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@settings(max_examples=200, deadline=None, derandomize=True)
@given(packet=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_packet_is_answered(kind: str, packet: bytes) -> None:
    """Whatever stands where XMP should be, the rest of the picture is read."""
    picture = metadata.read(samples.with_xmp(kind, packet))
    assert (picture.width, picture.height, picture.xmp) == (24, 16, packet)
    assert detectors.marks(DraftFile("drafts/a.png", picture)) == {}


@pytest.mark.parametrize("count", [2**31 - 1, 2**32 - 1, 70_000])
@pytest.mark.parametrize("entries", [1, 4000])
def test_exif_that_claims_gigabytes_is_garbage(count: int, entries: int) -> None:
    """A count that cannot be true is not believed, nor thousands of values in the same place."""
    entry = struct.pack(">HHLL", 0x0110, 4, count, 8)
    block = b"MM\0*" + struct.pack(">LH", 8, entries) + entry * entries + bytes(4)
    begin = time.process_time()
    assert exif.ascii_text(block, exif.MODEL) is None
    assert time.process_time() - begin < LIMIT_S


def test_exif_in_a_circle_is_garbage() -> None:
    """A directory that leads to itself."""
    entry = struct.pack(">HHLL", 0x8769, 4, 1, 8)
    block = b"MM\0*" + struct.pack(">LH", 8, 1) + entry + struct.pack(">L", 8)
    assert exif.user_comment(block) is None
