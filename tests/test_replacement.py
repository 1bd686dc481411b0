"""A file gets new content whole, or keeps what it had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.replacement import replace


@pytest.mark.parametrize("durable", [False, True])
def test_new_content_whole(tmp_path: Path, durable: bool) -> None:
    """In place of the old, for this user's eyes only, and nothing is left beside it."""
    file = tmp_path / "a.json"
    file.write_text("what was there before")
    replace(file, b"new", durable=durable)
    assert file.read_bytes() == b"new"
    assert os.name == "nt" or file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_is_kept(tmp_path: Path) -> None:
    """A folder in the way stays as it is, and so does the folder around it."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(OSError, match=r"."):
        replace(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
