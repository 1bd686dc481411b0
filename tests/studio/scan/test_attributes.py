"""Extended attributes; those of a Mac from a C library that is played here."""

from __future__ import annotations

import ctypes
import plistlib
from pathlib import Path
from typing import Any

from hotfolder.stars.finder import marks
from hotfolder.stars.mark import DraftFile
from hotfolder.studio.scan.attributes import LONGEST, of_a_mac

TAGS = "com.apple.metadata:_kMDItemUserTags"


class Played:
    """`listxattr` and `getxattr` as their manual pages on macOS describe them."""

    def __init__(self, path: Path, values: dict[str, bytes]) -> None:
        def listxattr(of: bytes, names: Any, size: Any, options: int) -> int:
            if of != bytes(path):
                return -1
            assert options == 1
            data = b"".join(name.encode() + b"\0" for name in values)
            assert len(data) <= size.value
            ctypes.memmove(names, data, len(data))
            return len(data)

        def getxattr(
            of: bytes, name: bytes, value: Any, size: Any, position: Any, options: int
        ) -> int:
            data = values[name.decode()]
            assert (of, position.value, options) == (bytes(path), 0, 1)
            if len(data) > size.value:
                return -1
            ctypes.memmove(value, data, len(data))
            return len(data)

        self.listxattr, self.getxattr = listxattr, getxattr


def test_finder_tags_on_a_mac_itself(tmp_path: Path) -> None:
    """They arrive as the detector expects them; what is too long is passed over."""
    file = tmp_path / "a.png"
    tags = plistlib.dumps(["starred\n6"], fmt=plistlib.FMT_BINARY)
    played = Played(file, {TAGS: tags, "com.apple.quarantine": b"0;", "x": b"x" * (LONGEST + 1)})
    found = dict(of_a_mac(file, played))
    assert found == {TAGS: tags, "com.apple.quarantine": b"0;"}
    (mark,) = marks(DraftFile("drafts/a.png", None, {}, found))
    assert "starred" in str(mark)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """It has none."""
    assert dict(of_a_mac(tmp_path / "gone", Played(tmp_path / "a.png", {}))) == {}
