"""Files as Windows knows them; what asks Windows itself runs there alone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from hotfolder.errors import PictureError
from hotfolder.studio import beneath, entries, windows
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.tree import Tree

there = pytest.mark.skipif(sys.platform != "win32", reason="asks Windows itself")

FOLDER, REPARSE, OFFLINE = 0x10, 0x400, 0x1000
SYMLINK, JUNCTION, CLOUD = 0xA000000C, 0xA0000003, 0x9000101A


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (r"C:\pictures\nul.txt", r"\\?\C:\pictures\nul.txt"),
        ("C:/pictures/inbox/end.", r"\\?\C:\pictures\inbox\end."),
        (r"\\server\share\a b ", r"\\?\UNC\server\share\a b "),
        (r"C:\a\..\b\.\c", r"\\?\C:\b\c"),
        ("D:\\", "\\\\?\\D:\\"),
        (r"\\?\C:\pictures\..", r"\\?\C:\pictures\.."),
    ],
)
def test_a_path_that_is_taken_as_it_is(path: str, meant: str) -> None:
    """Devices' names, dots at the end and shares: nothing is left for Windows to put right."""
    assert windows.raw(path) == meant


def test_what_leads_elsewhere_is_a_link() -> None:
    """Links and junctions are; a folder that a sync program has not fetched yet is not."""
    assert stat.S_ISLNK(windows.mode(FOLDER | REPARSE, JUNCTION))
    assert stat.S_ISLNK(windows.mode(REPARSE, SYMLINK))
    assert stat.S_ISDIR(windows.mode(FOLDER | REPARSE, CLOUD))
    assert stat.S_ISREG(windows.mode(REPARSE | OFFLINE, CLOUD))
    assert not windows.mode(0x1, 0) & stat.S_IWUSR


@there
def test_one_reading_however_a_file_is_met(tmp_path: Path) -> None:
    """A folder's entry and the file itself say the same, look after look."""
    (tmp_path / "inbox").mkdir()
    file = tmp_path / "inbox" / "a.txt"
    file.write_text("a castle")
    (entry,) = entries.scandir(str(tmp_path / "inbox"))
    assert Reading.of(entries.status(entry)) == Reading.of(entries.lstat(str(file)))
    tree = Tree(tmp_path)
    assert tree.look_everywhere().changed == {"inbox/a.txt"}
    assert not tree.look_at(["inbox/a.txt"]).changed
    assert not tree.look_everywhere().changed


@there
def test_a_change_is_seen_though_the_time_was_put_back(tmp_path: Path) -> None:
    """The time of change is asked for, not that of creation: a star that keeps size and mtime."""
    file = tmp_path / "a.png"
    file.write_bytes(b"0" * 100)
    found = file.stat()
    before = Reading.of(entries.lstat(str(file)))
    file.write_bytes(b"1" * 100)
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    after = Reading.of(entries.lstat(str(file)))
    assert (before.size, before.mtime_ns) == (after.size, after.mtime_ns)
    assert before != after


@there
def test_nobody_is_kept_from_a_file_that_is_read(tmp_path: Path) -> None:
    """While it is open here, others rename and delete it."""
    (tmp_path / "a.txt").write_text("a castle")
    with beneath.reading(tmp_path, "a.txt") as stream:
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        (tmp_path / "b.txt").unlink()
        assert stream.read() == b"a castle"


@there
def test_any_name_and_any_length(tmp_path: Path) -> None:
    """Names of devices, dots at the end, and paths of more than 260 characters are files here."""
    (tmp_path / ".hotfolder").mkdir()
    deep = "/".join(["inbox", *(["n" * 40] * 6)])
    beneath.make_folder(tmp_path, deep, new=True)
    for path in ("inbox/nul.txt", "inbox/con", "inbox/end.", f"{deep}/x.txt"):
        beneath.create(tmp_path, path, path.encode())
        assert beneath.read(tmp_path, path, 1000) == path.encode()
    assert set(beneath.files(tmp_path, "inbox")) == {
        "inbox/nul.txt",
        "inbox/con",
        "inbox/end.",
        f"{deep}/x.txt",
    }
    assert f"{deep}/x.txt" in Tree(tmp_path).look_everywhere().changed
    beneath.rename(tmp_path, f"{deep}/x.txt", f"{deep}/y.txt")
    beneath.unlink(tmp_path, f"{deep}/y.txt")
    assert beneath.names(tmp_path, deep) == []


@there
def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """It is refused at once, and nothing waits for it."""
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(PictureError, match="not a regular file"):
        beneath.read(tmp_path, "a.txt", 10)
