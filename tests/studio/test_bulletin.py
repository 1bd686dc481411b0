"""What a daemon says of itself to other processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.studio import bulletin
from hotfolder.studio.bulletin import Bulletin
from hotfolder.studio.names import printable


def test_it_is_read_as_it_was_posted(tmp_path: Path) -> None:
    """The last one counts; it lies outside of the studio, and nothing else is left."""
    assert bulletin.read(tmp_path) == Bulletin()
    for says in ("the disk is full", "gone"):
        posted = Bulletin(says, {printable(os.fsdecode(b"inbox/caf\xe9.txt")): says}, "nfs")
        bulletin.post(tmp_path, posted)
        assert bulletin.read(tmp_path) == posted
    assert [path.name for path in bulletin.path(tmp_path).parent.iterdir()] == ["bulletin.json"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"waits": 3}', "\0"])
def test_a_spoilt_one(tmp_path: Path, text: str) -> None:
    """It says nothing."""
    bulletin.post(tmp_path, Bulletin("pause"))
    bulletin.path(tmp_path).write_text(text)
    assert bulletin.read(tmp_path) == Bulletin()


def test_a_disk_that_takes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Work goes on without it."""
    bulletin.path(tmp_path).parent.parent.mkdir(parents=True)
    bulletin.path(tmp_path).parent.write_text("a file where the folder should be")
    bulletin.post(tmp_path, Bulletin("pause"))
    assert "will not know" in caplog.text
    assert bulletin.read(tmp_path) == Bulletin()
