"""Put files in place: whole or not at all, and never over anything that is there."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hotfolder.studio import beneath
from hotfolder.studio.entries import Status
from hotfolder.studio.names import TEMPORARY
from hotfolder.studio.store import local

_LONGEST_NAME = 255  # bytes, on nearly all file systems


def publish(root: Path, path: str, data: bytes) -> str:
    """Make a new file with this content; a number is added to a name that is taken.

    `path` is relative to the studio's `root`, and so is the path that is returned. The file
    appears with all its bytes on the disk: temp file in the same folder, fsync, exclusive rename,
    fsync of the folder. A daemon of this machine that begins may take the temp file for a leftover
    (`sweep`), once; then it is written again.
    """
    try:
        return _published(root, path, data)
    except FileNotFoundError:
        return _published(root, path, data)


def _published(root: Path, path: str, data: bytes) -> str:
    with written(root, path, data) as temporary:
        return move(root, temporary, path)


def place(root: Path, path: str, data: bytes) -> bool:
    """Make a new file as `publish` does, but under this name alone; whether it was free."""
    with written(root, path, data) as temporary:
        try:
            beneath.rename(root, temporary, path)
        except FileExistsError:
            return False
    beneath.sync_folder(root, _above(path))
    return True


@contextlib.contextmanager
def written(root: Path, path: str, data: bytes) -> Iterator[str]:
    """A temp file beside `path` with this content, on the disk; removed if it is not moved."""
    beneath.make_folder(root, _above(path))
    name = f"{TEMPORARY}{local.machine()}-{secrets.token_hex(6)}.tmp"
    temporary = PurePosixPath(path).with_name(name).as_posix()
    try:
        beneath.create(root, temporary, data)
        yield temporary
    finally:
        beneath.unlink(root, temporary)


def move(root: Path, source: str, target: str, known: Status | None = None) -> str:
    """Rename a file of the studio, to a numbered name if `target` is taken; returns the name.

    All paths but `root` are relative to it. `known` is as `beneath.rename` has it.
    """
    beneath.make_folder(root, _above(target))
    for candidate in candidates(target):
        try:
            beneath.rename(root, source, candidate, known)
        except FileExistsError:
            continue
        beneath.sync_folder(root, _above(candidate))
        return candidate
    raise AssertionError("candidates never end")


def relative(root: Path, path: Path) -> str:
    """`path` relative to the studio, with forward slashes."""
    return path.relative_to(root).as_posix()


def candidates(target: str) -> Iterator[str]:
    """`target`, then the same name with -2, -3 and so on before its suffix, cut if too long."""
    yield target
    path = PurePosixPath(target)
    for number in itertools.count(2):
        suffix = f"-{number}{path.suffix}"
        room = _LONGEST_NAME - len(os.fsencode(suffix))
        yield path.with_name(fitting(path.stem, room) + suffix).as_posix()


def fitting(name: str, size: int) -> str:
    """`name`, without as many characters at its end as are more than `size` bytes on disk."""
    while len(os.fsencode(name)) > size:
        name = name[:-1]
    return name


def sweep(root: Path, rooms: tuple[str, ...]) -> None:
    """Remove the temp files that a crash of this machine's left; another may be writing its own."""
    ours = f"{TEMPORARY}{local.machine()}-"
    for room in rooms:
        for path in beneath.files(root, room):
            name = path.rpartition("/")[2]
            if name.startswith(ours) and name.endswith(".tmp"):
                with contextlib.suppress(OSError):
                    beneath.unlink(root, path)


def _above(path: str) -> str:
    return PurePosixPath(path).parent.as_posix()
