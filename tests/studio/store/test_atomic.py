"""Publishing: whole or not at all, and never over anything."""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hotfolder.studio import beneath
from hotfolder.studio.names import TEMPORARY
from hotfolder.studio.store import atomic, local


def names(folder: Path) -> list[str]:
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return [name for name in found if name != ".hotfolder"]


@pytest.fixture(autouse=True)
def _studio(tmp_path: Path) -> None:
    """What tells a studio from the empty folder below a mount."""
    (tmp_path / ".hotfolder").mkdir()


@pytest.fixture(params=["noreplace", "link", "neither"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system with each of the ways to rename without replacing."""

    def no_link(*paths: object, **options: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if request.param != "noreplace":
        monkeypatch.setattr(beneath, "_rename_noreplace", lambda source, target: False)
    if request.param == "neither":
        monkeypatch.setattr(os, "link", no_link)
    return str(request.param)


def test_publish(tmp_path: Path, way: str) -> None:
    """A new file has its bytes and its name, folders are made, and nothing else is left."""
    assert atomic.publish(tmp_path, "final/deep/a.png", b"one") == "final/deep/a.png"
    assert (tmp_path / "final/deep/a.png").read_bytes() == b"one"
    assert names(tmp_path) == ["final", "final/deep", "final/deep/a.png"]


def test_names_are_numbered(tmp_path: Path, way: str) -> None:
    """A taken name is left alone, whatever has it: a file, a folder or a dangling link."""
    (tmp_path / "a.png").write_bytes(b"theirs")
    (tmp_path / "a-2.png").mkdir()
    (tmp_path / "a-3.png").symlink_to("nowhere")
    assert atomic.publish(tmp_path, "a.png", b"ours") == "a-4.png"
    assert (tmp_path / "a.png").read_bytes() == b"theirs"
    assert names(tmp_path) == ["a-2.png", "a-3.png", "a-4.png", "a.png"]


def test_many_at_once(tmp_path: Path, way: str) -> None:
    """Writers that want one name all get one of their own, with their own bytes."""
    with ThreadPoolExecutor(8) as pool:
        texts = [str(number).encode() for number in range(40)]
        found = list(pool.map(lambda text: atomic.publish(tmp_path, "a.png", text), texts))
    assert len(set(found)) == 40
    assert [(tmp_path / name).read_bytes() for name in found] == texts
    assert len(names(tmp_path)) == 40


def test_a_vanished_root_is_not_made(tmp_path: Path) -> None:
    """Where the studio was, nothing appears."""
    root = tmp_path / "studio"
    for path in ("drafts/day/a.png", "a.png"):
        with pytest.raises(FileNotFoundError):
            atomic.publish(root, path, b"one")
    assert names(tmp_path) == []


def test_an_empty_folder_in_its_place(tmp_path: Path) -> None:
    """Below a mount that has gone lies an empty folder: nothing is made there."""
    (tmp_path / "mount").mkdir()
    with pytest.raises(FileNotFoundError):
        atomic.publish(tmp_path / "mount", "drafts/day/a.png", b"one")
    assert names(tmp_path) == ["mount"]


@pytest.mark.parametrize("path", ["drafts/a.png", "drafts/day/a.png", "drafts/day/deep/a.png"])
@pytest.mark.parametrize("link", ["drafts", "drafts/day"])
def test_folders_that_are_links(tmp_path: Path, path: str, link: str) -> None:
    """Nothing is written through a link, wherever it leads; nor is anything moved there."""
    outside, root = tmp_path / "outside", tmp_path / "studio"
    outside.mkdir()
    (root / ".hotfolder").mkdir(parents=True)
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(outside)
    (root / "a.txt").write_text("one")
    if not path.startswith(link + "/"):
        assert atomic.publish(root, path, b"one") == path
        return
    with pytest.raises(NotADirectoryError, match="a link"):
        atomic.publish(root, path, b"one")
    with pytest.raises(NotADirectoryError, match="a link"):
        atomic.move(root, "a.txt", path)
    assert names(outside) == []


def test_no_file_is_left_by_an_error(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk gives up at any of its calls, no temp file and no torn one stays."""
    real = os.fsync
    for failing in itertools.count():
        calls = itertools.count()

        def fsync(descriptor: int, failing: int = failing, calls: object = calls) -> None:
            if stat.S_ISREG(os.fstat(descriptor).st_mode) and next(calls) == failing:  # type: ignore[call-overload]
                raise OSError(errno.EIO, "Input/output error")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        try:
            atomic.publish(tmp_path, "drafts/a.png", b"one")
        except OSError:
            assert names(tmp_path) == ["drafts"]
        else:
            break
    assert failing == 1
    assert (tmp_path / "drafts/a.png").read_bytes() == b"one"


def test_a_file_system_without_links_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the rename over the placeholder fails, the placeholder goes."""

    def no_link(*paths: object, **options: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(beneath, "_rename_noreplace", lambda source, target: False)
    monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(FileNotFoundError):
        beneath.rename(tmp_path, "gone", "a.png")
    assert names(tmp_path) == []


@pytest.mark.posix("one call renames exclusively there")
def test_an_unknown_call_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel or file system that does not know the call is no error."""
    (tmp_path / "a").write_text("one")
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.ENOSYS)
    gone, b = (str(tmp_path / "gone"), None), (str(tmp_path / "b"), None)
    assert not beneath._rename_noreplace(gone, b)
    monkeypatch.undo()
    beneath.rename(tmp_path, "a", "b")
    assert names(tmp_path) == ["b"]


def test_move(tmp_path: Path, way: str) -> None:
    """A move keeps the file itself: its bytes, its times, its inode."""
    (tmp_path / "inbox").mkdir()
    source = tmp_path / "inbox/a.txt"
    source.write_bytes(b"one")
    os.utime(source, ns=(1, 2))
    before = source.stat()
    assert atomic.move(tmp_path, "inbox/a.txt", "inbox/done/sub/a.txt") == "inbox/done/sub/a.txt"
    after = (tmp_path / "inbox/done/sub/a.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not source.exists()


def test_moving_what_is_gone(tmp_path: Path, way: str) -> None:
    """A file that was taken away meanwhile is an error, and leaves nothing behind."""
    with pytest.raises(FileNotFoundError):
        atomic.move(tmp_path, "a.txt", "b.txt")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["x" * 251 + ".txt", "城" * 83 + ".txt", "x" * 255])
def test_the_longest_names(tmp_path: Path, name: str) -> None:
    """A name without room for a number is cut, between characters."""
    (tmp_path / name).write_text("one")
    second = atomic.publish(tmp_path, name, b"two")
    third = atomic.publish(tmp_path, name, b"three")
    assert (tmp_path / name).read_text() == "one"
    assert second[:80] == third[:80] == name[:80]
    assert second.endswith("-2" + Path(name).suffix)
    assert (tmp_path / third).read_bytes() == b"three"


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    """Bytes that are no text stay as they are."""
    name = os.fsdecode(b"caf\xe9.txt")
    assert atomic.publish(tmp_path, name, b"one") == name
    assert atomic.publish(tmp_path, name, b"two") == os.fsdecode(b"caf\xe9-2.txt")


def test_place(tmp_path: Path, way: str) -> None:
    """A new file appears under its name or not at all; what has the name stays."""
    assert atomic.place(tmp_path, "drafts/a.png", b"one")
    assert not atomic.place(tmp_path, "drafts/a.png", b"two")
    assert (tmp_path / "drafts/a.png").read_bytes() == b"one"
    assert names(tmp_path) == ["drafts", "drafts/a.png"]


def test_sweep(tmp_path: Path) -> None:
    """Only temp files of this machine go, at any depth; a missing folder is no error."""
    (tmp_path / "drafts/deep").mkdir(parents=True)
    (tmp_path / f"drafts/deep/{TEMPORARY}{local.machine()}-0a.tmp").write_text("torn")
    (tmp_path / f"drafts/{TEMPORARY}{local.machine()}-0b.tmp").write_text("torn")
    others = f"drafts/{TEMPORARY}another-0c.tmp"
    (tmp_path / others).write_text("being written")
    (tmp_path / "drafts/.other.tmp").write_text("theirs")
    (tmp_path / "drafts/a.png").write_text("theirs")
    atomic.sweep(tmp_path, ("drafts", "gone"))
    assert names(tmp_path) == ["drafts", others, "drafts/.other.tmp", "drafts/a.png", "drafts/deep"]


def test_a_temp_file_that_was_taken_for_a_leftover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that begins just then costs nothing: the file is there, once."""
    create, swept = beneath.create, []

    def created(root: Path, path: str, data: bytes) -> None:
        create(root, path, data)
        if not swept:
            swept.append(path)
            atomic.sweep(root, ("inbox",))

    monkeypatch.setattr(beneath, "create", created)
    assert atomic.publish(tmp_path, "inbox/a.txt", b"a castle") == "inbox/a.txt"
    assert swept and names(tmp_path) == ["inbox", "inbox/a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="folders are not synced there")
@pytest.mark.parametrize("write", [atomic.publish, atomic.place])
def test_the_order_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, str, bytes], object]
) -> None:
    """A file's bytes are on the disk before it has its name, and then the name is as well."""
    done: list[str] = []
    fsync, rename = os.fsync, beneath._rename

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append("the folder" if is_folder else "the file")

    def renamed(*places: Any) -> None:
        rename(*places)
        done.append("its name")

    (tmp_path / "drafts").mkdir()
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(beneath, "_rename", renamed)
    write(tmp_path, "drafts/a.png", b"picture")
    assert done == ["the file", "its name", "the folder"]
