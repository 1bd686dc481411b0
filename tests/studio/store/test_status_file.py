"""What a daemon says of itself to other processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.errors import printable
from hotfolder.studio.store import status_file
from hotfolder.studio.store.status_file import StatusFile


def test_it_is_read_as_it_was_posted(tmp_path: Path) -> None:
    """The last one counts; it lies outside of the studio, and nothing else is left."""
    assert status_file.read(tmp_path) == StatusFile()
    for says in ("the disk is full", "gone"):
        posted = StatusFile(says, {printable(os.fsdecode(b"inbox/caf\xe9.txt")): says}, "nfs")
        status_file.post(tmp_path, posted)
        assert status_file.read(tmp_path) == posted
    assert [path.name for path in status_file.path(tmp_path).parent.iterdir()] == ["bulletin.json"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"waits": 3}', "\0"])
def test_a_spoilt_one(tmp_path: Path, text: str) -> None:
    """It says nothing."""
    status_file.post(tmp_path, StatusFile("pause"))
    status_file.path(tmp_path).write_text(text)
    assert status_file.read(tmp_path) == StatusFile()


def test_a_disk_that_takes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Work goes on without it."""
    status_file.path(tmp_path).parent.parent.mkdir(parents=True)
    status_file.path(tmp_path).parent.write_text("a file where the folder should be")
    status_file.post(tmp_path, StatusFile("pause"))
    assert "will not know" in caplog.text
    assert status_file.read(tmp_path) == StatusFile()
