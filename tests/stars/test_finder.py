"""Tags of the Finder, built from Apple's documented layout: attributes and AppleDouble files."""

from __future__ import annotations

import plistlib
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.stars import finder
from hotfolder.stars.mark import DraftFile

TAGS = "com.apple.metadata:_kMDItemUserTags"
RED_AND_STAR = plistlib.dumps(["Red\n6", "star"], fmt=plistlib.FMT_BINARY)


def apple_double(attributes: Mapping[str, bytes]) -> bytes:
    """A `._NAME` as macOS writes it for a file with these attributes and no resource fork."""
    names = [name.encode() + b"\0" for name in attributes]
    sizes = [-(-(11 + len(name)) // 4) * 4 for name in names]
    start = 120 + sum(sizes)
    entries, values, position = b"", b"", start
    for name, size, value in zip(names, sizes, attributes.values(), strict=True):
        entry = struct.pack(">IIHB", position, len(value), 0, len(name)) + name
        entries += entry.ljust(size, b"\0")
        values += value
        position += len(value)
    head = struct.pack(">II16sH", 0x00051607, 0x00020000, b"Mac OS X", 2)
    head += struct.pack(">III", 9, 50, position - 50) + struct.pack(">III", 2, position, 0)
    numbers = (0, position, start, len(values), 0, 0, 0, 0, len(attributes))
    return head + bytes(34) + b"ATTR" + struct.pack(">IIIIIIIHH", *numbers) + entries + values


def words(draft: DraftFile) -> set[str]:
    """All words of a draft's marks."""
    return set().union(*(mark.words for mark in finder.marks(draft)))


@pytest.mark.parametrize(
    "name",
    [
        TAGS,
        f"user.{TAGS}",
        f"user.DosStream.{TAGS}:$DATA",
        "user.DosStream.com.apple.metadata\uf022_kMDItemUserTags:$DATA",
    ],
)
def test_an_attribute(name: str) -> None:
    """As Linux, Netatalk and Samba keep it; a tag's colour is no part of its name."""
    value = RED_AND_STAR + (b"\0" if name.endswith("DATA") else b"")
    assert words(DraftFile("drafts/a.png", xattrs={name: value})) == {"red", "star"}


def test_an_apple_double_file() -> None:
    """The attribute among others, in the file that macOS puts beside the picture."""
    data = apple_double({"com.apple.lastuseddate#PS": b"12345678", TAGS: RED_AND_STAR})
    assert words(DraftFile("drafts/a.png", beside={"._{name}": data})) == {"red", "star"}
    without = apple_double({"com.apple.lastuseddate#PS": b"12345678"})
    assert words(DraftFile("drafts/a.png", beside={"._{name}": without})) == set()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"bplist00",
        b"bplist00" + b"\xff" * 40,
        plistlib.dumps({"star": 1}, fmt=plistlib.FMT_BINARY),
        plistlib.dumps([1, b"star"], fmt=plistlib.FMT_BINARY),
        plistlib.dumps(["star"]),
        plistlib.dumps(["star"] + ["x" * 999] * 99, fmt=plistlib.FMT_BINARY),
    ],
    ids=range(7),
)
def test_what_is_no_list_of_tags(value: bytes) -> None:
    """Damaged, something else, XML, too long."""
    value = value if len(value) < 1000 else value + bytes(finder.MAX_BYTES)
    draft = DraftFile(
        "drafts/a.png", xattrs={TAGS: value}, beside={"._{name}": apple_double({TAGS: value})}
    )
    assert words(draft) == set()


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_damaged_files(noise: bytes, at: int, cut: int) -> None:
    """Whatever stands there, nothing is raised."""
    data = apple_double({TAGS: RED_AND_STAR})
    broken = data[:at] + noise + data[at + len(noise) :]
    for beside in (data[:cut], broken):
        said = words(DraftFile("drafts/a.png", beside={"._{name}": beside}, xattrs={TAGS: noise}))
        assert all(isinstance(word, str) for word in said)
