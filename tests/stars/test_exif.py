"""The rating tags of EXIF: samples, both byte orders, every type, and damaged blocks."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.images import metadata
from hotfolder.images.metadata import Metadata
from hotfolder.stars import exif
from hotfolder.stars.mark import DraftFile
from tests import samples

SHORT = 3


def tiff(*tags: tuple[int, int, bytes], order: str = ">") -> bytes:
    """A TIFF block whose directory has these (tag, type, four bytes of value)."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, len(tags))
    entries = [struct.pack(f"{order}HHI", tag, kind, 1) + value for tag, kind, value in tags]
    return head + b"".join(entries) + bytes(4)


def short(tag: int, value: int, order: str = ">") -> tuple[int, int, bytes]:
    """A tag with one number of 16 bits."""
    return tag, SHORT, struct.pack(f"{order}H2x", value)


def stars(block: bytes | None) -> dict[str, int]:
    """The stars in a picture with this block."""
    draft = DraftFile("drafts/a.jpg", Metadata(8, 8, exif=block))
    return {mark.where: mark.stars for mark in exif.marks(draft) if mark}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("digikam79_rating4_pick3.jpg", {"Rating": 4, "RatingPercent": 4}),
        ("digikam79_rating4_pick3.png", {"Rating": 4, "RatingPercent": 4}),
        ("digikam79_rating4_pick3.webp", {"Rating": 4, "RatingPercent": 4}),
        ("shotwell0301_rating5.jpg", {"Rating": 5, "RatingPercent": 5}),
        ("exiv2_0276_exifrating5.jpg", {"Rating": 5}),
        ("exiv2_0276_exifrating5.png", {"Rating": 5}),
        ("exiv2_0276_exifrating5.webp", {"Rating": 5}),
        ("exiv2_0276_xmprating5.jpg", {}),
    ],
)
def test_reads_what_real_programs_write(name: str, expected: dict[str, int]) -> None:
    """In every container, wherever the program puts the block."""
    assert stars(metadata.read(samples.sample(f"rated/{name}")).exif) == expected


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_windows_explorer_writes(order: str) -> None:
    """Both tags as numbers of 16 bits, in either byte order; percent have the bounds of Windows."""
    for percent, count in ((1, 1), (25, 2), (50, 3), (75, 4), (99, 5)):
        block = tiff(short(0x4746, count, order), short(0x4749, percent, order), order=order)
        assert stars(block) == {"Rating": count, "RatingPercent": count}


@pytest.mark.parametrize(
    ("kind", "value"), [(1, b"\3\0\0\0"), (4, b"\0\0\0\3"), (8, b"\0\3\0\0"), (9, b"\0\0\0\3")]
)
def test_numbers_of_other_types(kind: int, value: bytes) -> None:
    """A byte, a long and a signed number say the same."""
    assert stars(tiff((0x4746, kind, value))) == {"Rating": 3}


def test_a_rejection() -> None:
    """-1 as a signed number."""
    assert stars(tiff((0x4746, 8, struct.pack(">h2x", -1)))) == {"Rating": -1}


def test_what_is_no_rating() -> None:
    """Zero, numbers beyond five stars, texts, and no block at all."""
    assert stars(tiff(short(0x4746, 0), short(0x4749, 0))) == {}
    assert stars(tiff(short(0x4746, 6), short(0x4749, 101))) == {}
    assert stars(tiff((0x4746, 2, b"5\0\0\0"))) == {}
    assert stars(None) == {}


@given(st.binary(max_size=200), st.integers(0, 40))
def test_damaged_blocks(noise: bytes, cut: int) -> None:
    """Whatever stands there, nothing is raised, and a cut block has no rating."""
    block = tiff(short(0x4746, 5))
    assert set(stars(b"MM\0*" + noise).values()) <= set(range(-1, 6))
    assert stars(block[: min(cut, 19)]) == {}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exiv2(tool: Callable[[str], str], tmp_path: Path, kind: str) -> None:
    """exiv2 sets the tag in a bare picture."""
    path = tmp_path / f"draft.{kind.lower()}"
    path.write_bytes(samples.drawn(kind))
    command = [tool("exiv2"), "-M", "set Exif.Image.Rating Short 4", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert stars(metadata.read(path.read_bytes()).exif) == {"Rating": 4}
