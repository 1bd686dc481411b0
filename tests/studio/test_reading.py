"""Reading what anybody may have put there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hotfolder.errors import PictureError
from hotfolder.studio import entries
from hotfolder.studio.reading import Reading, read_file, read_settled


def test_bytes(tmp_path: Path) -> None:
    """A regular file is read whole, or to one byte past the limit."""
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_file(tmp_path / "a") == b"0123456789"
    assert read_file(tmp_path / "a", 10) == b"0123456789"
    assert read_file(tmp_path / "a", 4) == b"01234"


def test_links(tmp_path: Path) -> None:
    """A link is refused, wherever it leads."""
    (tmp_path / "a").write_text("secret")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("link", "dangling"):
        with pytest.raises(PictureError, match="a link"):
            read_file(tmp_path / name)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe nobody writes to blocks nothing; folders and devices are refused, none stays open."""
    os.mkfifo(tmp_path / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    for path in (tmp_path / "pipe", tmp_path, Path(os.devnull)):
        with pytest.raises(PictureError, match="not a regular file"):
            read_file(path)
    if before:
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is refused as well."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(PictureError, match="not a regular file"):
            read_file(tmp_path / "socket")


def test_what_is_gone(tmp_path: Path) -> None:
    """A file that was taken away is an OSError of its kind."""
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "gone")


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    """What has left the state in which it settled is not believed."""
    file = tmp_path / "a"
    file.write_bytes(b"0123456789")
    settled = Reading.of(entries.lstat(str(file)))
    assert read_settled(file, settled) == b"0123456789"
    assert read_settled(file, settled, 4) == b"01234"
    for change in (lambda: os.utime(file, ns=(1, 2)), lambda: file.write_bytes(b"0")):
        change()
        with pytest.raises(FileNotFoundError, match="changed since"):
            read_settled(file, settled)
