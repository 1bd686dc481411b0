"""Hashes of large files are worked out once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from hotfolder import checksum


def test_a_large_file_is_remembered_until_it_changes(tmp_path: Path) -> None:
    """Known at once the second time; a changed file is another one."""
    cache = tmp_path / "cache"
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"x" * checksum.REMEMBERED_FROM_BYTES)
    assert checksum.remembered(file, cache) is None
    first = checksum.sha256(file, cache)
    assert first == hashlib.sha256(file.read_bytes()).hexdigest()
    assert checksum.remembered(file, cache) == first
    file.write_bytes(b"y" * checksum.REMEMBERED_FROM_BYTES)
    os.utime(file, ns=(1, 1))
    assert checksum.remembered(file, cache) is None


def test_a_small_file_needs_no_memory(tmp_path: Path) -> None:
    """It is read faster than a note."""
    file = tmp_path / "small"
    file.write_bytes(b"abc")
    assert checksum.remembered(file, tmp_path / "no") == hashlib.sha256(b"abc").hexdigest()
    assert not (tmp_path / "no").exists()
