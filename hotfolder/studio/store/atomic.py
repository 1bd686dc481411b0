"""Put files in place: whole or not at all, and never over anything that is there."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from hotfolder.studio.names import TEMPORARY
from hotfolder.studio.store import local

_LONGEST_NAME = 255  # bytes, on nearly all file systems
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4
_NOT_OFFERED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM}


def publish(root: Path, path: str, data: bytes) -> str:
    """Make a new file with this content; a number is added to a name that is taken.

    `path` is relative to the studio's `root`, and so is the path that is returned. The file
    appears with all its bytes on the disk: temp file in the same folder, fsync, exclusive rename,
    fsync of the folder.
    """
    with written(root, path, data) as temporary:
        return move(root, temporary, path)


def place(root: Path, path: str, data: bytes) -> bool:
    """Make a new file as `publish` does, but under this name alone; whether it was free."""
    with written(root, path, data) as temporary:
        try:
            rename_exclusively(root / temporary, root / path)
        except FileExistsError:
            return False
    sync_folder((root / path).parent)
    return True


@contextlib.contextmanager
def written(root: Path, path: str, data: bytes) -> Iterator[str]:
    """A temp file beside `path` with this content, on the disk; removed if it is not moved."""
    make_folder(root, (root / path).parent)
    name = f"{TEMPORARY}{local.machine()}-{secrets.token_hex(6)}.tmp"
    temporary = (root / path).with_name(name)
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield relative(root, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def move(root: Path, source: str, target: str) -> str:
    """Rename a file of the studio, to a numbered name if `target` is taken; returns the name.

    All paths but `root` are relative to it.
    """
    make_folder(root, (root / target).parent)
    for candidate in candidates(root / target):
        try:
            rename_exclusively(root / source, candidate)
        except FileExistsError:
            continue
        sync_folder(candidate.parent)
        return relative(root, candidate)
    raise AssertionError("candidates never end")


def relative(root: Path, path: Path) -> str:
    """`path` relative to the studio, with forward slashes."""
    return path.relative_to(root).as_posix()


def candidates(target: Path) -> Iterator[Path]:
    """`target`, then the same name with -2, -3 and so on before its suffix, cut if too long."""
    yield target
    for number in itertools.count(2):
        suffix = f"-{number}{target.suffix}"
        room = _LONGEST_NAME - len(os.fsencode(suffix))
        yield target.with_name(fitting(target.stem, room) + suffix)


def fitting(name: str, size: int) -> str:
    """`name`, without as many characters at its end as are more than `size` bytes on disk."""
    while len(os.fsencode(name)) > size:
        name = name[:-1]
    return name


def rename_exclusively(source: Path, target: Path) -> None:
    """Rename a file; raises FileExistsError instead of replacing anything."""
    if sys.platform == "win32":
        source.rename(target)
        return
    if _rename_noreplace(source, target):
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
        # A file system without links (exFAT, some network shares): an empty file takes the name.
        with target.open("xb"):
            pass
        try:
            source.replace(target)
        except OSError:
            target.unlink()
            raise
        return
    source.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    if sys.platform == "win32":
        return  # folders cannot be opened there; NTFS journals names by itself
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
    finally:
        os.close(descriptor)


def sweep(folders: list[Path]) -> None:
    """Remove the temp files that a crash of this machine's left; another may be writing its own."""
    ours = f"{TEMPORARY}{local.machine()}-"
    for folder in folders:
        for below, _, names in os.walk(folder):
            for name in names:
                if name.startswith(ours) and name.endswith(".tmp"):
                    with contextlib.suppress(OSError):
                        (Path(below) / name).unlink()


def make_folder(root: Path, folder: Path) -> None:
    """Make missing folders below the root. Never the root: when it vanishes, work must wait.

    It vanishes also by an empty folder's taking its place, which is what is below a mount. A link
    is no folder of the studio: it may lead anywhere.
    """
    if folder == root:
        return
    make_folder(root, folder.parent)
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        if folder.parent == root and not (root / ".hotfolder").is_dir():
            raise
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
        return
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link or a file, not a folder", str(folder))


def _rename_noreplace(source: Path, target: Path) -> bool:
    """Whether the kernel did it; False where it or the file system does not know how."""
    library = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(source), os.fsencode(target)
    if renameat2 := getattr(library, "renameat2", None):  # Linux
        failed = renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_NOREPLACE)
    elif renamex_np := getattr(library, "renamex_np", None):  # macOS
        failed = renamex_np(old, new, _RENAME_EXCL)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))
