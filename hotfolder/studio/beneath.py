"""Every file operation below a studio: nothing leads out of it, whoever rearranges it meanwhile.

Whoever may write into a shared studio can put a link, a pipe or a device in the place of any file
or folder, at any moment. So a path is walked folder by folder with descriptors, from the root on,
and no link is followed; only regular files are opened, and no more of them is read than was asked
for. Where a system has no such descriptors (Windows), links and junctions on the way are refused.

All paths are relative to the studio's root and have forward slashes. Raises OSError, and
PictureError for a file that is none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hotfolder.errors import PictureError
from hotfolder.held import insist
from hotfolder.studio import entries
from hotfolder.studio.entries import Status

MARKER = ".hotfolder/studio.json"
"""The file that makes a folder a studio."""

DEEPEST = 32
"""How many folders deep a studio is read: people have five or six."""

_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_FOLDERS_ONLY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4
_NOT_OFFERED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM}
_MOST_NAMES = 100_000

Place = tuple[str, int | None]
"""A name, and the descriptor of the folder that it is in; None where there are only full paths."""


@contextlib.contextmanager
def place(root: Path, path: str) -> Iterator[Place]:
    """What to give to a function of `os` so that it reaches `path` and nothing else.

    The last part of the path is not looked at: it may be anything, or missing.
    """
    *folders, name = _parts(path)
    with _folder(root, folders) as folder:
        yield (name, folder) if _DESCRIPTORS else (entries.raw(root.joinpath(*folders, name)), None)


def within(path: Path) -> tuple[Path, str] | None:
    """The root of the studio that `path` lies in as it is written, and its path below that.

    Whatever links are on the way: who may write into a studio can put one to another folder there,
    and what lies in that is not to be read. None for what lies in no studio.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow them
    for folder in whole.parents:
        with contextlib.suppress(OSError):
            if (folder / MARKER).is_file():
                return folder, whole.relative_to(folder).as_posix()
    return None


def status(root: Path, path: str) -> Status | None:
    """What lies at `path` itself, link or not; None if nothing does."""
    try:
        with place(root, path) as there:
            return _lstat(there)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_file(root: Path, path: str) -> bool:
    """Whether a regular file lies there."""
    found = status(root, path)
    return found is not None and stat.S_ISREG(found.st_mode)


def read(root: Path, path: str, limit: int) -> bytes:
    """The bytes of a regular file, at most `limit` + 1 of them, so that too much can be told."""
    with place(root, path) as (name, folder), opened(name, os.O_RDONLY, folder) as stream:
        return stream.read(limit + 1)


@contextlib.contextmanager
def reading(root: Path, path: str) -> Iterator[BinaryIO]:
    """A regular file, open to be read in parts."""
    with place(root, path) as (name, folder), opened(name, os.O_RDONLY, folder) as stream:
        yield stream


def append_line(root: Path, path: str, line: bytes, durable: bool = True) -> tuple[int, int]:
    """Add a line to a file that is made if it is missing; returns where it begins and ends.

    A last line that a crash has torn is ended first, so that it does not spoil this one.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    with place(root, path) as there, _regular(there, path, flags) as stream:
        begin = os.lseek(stream.fileno(), 0, os.SEEK_END)
        if begin:
            os.lseek(stream.fileno(), -1, os.SEEK_END)
            line = line if os.read(stream.fileno(), 1) == b"\n" else b"\n" + line
        stream.write(line + b"\n")
        stream.flush()
        if durable:
            os.fsync(stream.fileno())
    return begin, begin + len(line) + 1


@contextlib.contextmanager
def _regular(there: Place, path: str, flags: int) -> Iterator[BinaryIO]:
    """A file to add to, open; raises OSError for what is none, which is no picture's fault."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(_lstat(there).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", path)
    with opened(there[0], flags, there[1], "ab") as stream:
        yield stream


def create(root: Path, path: str, data: bytes, durable: bool = True) -> None:
    """Make a new file with this content, on the disk if `durable`; raises FileExistsError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with place(root, path) as (name, folder), opened(name, flags, folder, "wb") as stream:
        stream.write(data)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())


def unlink(root: Path, path: str) -> None:
    """Take a file's name away; a missing one is no error."""
    with contextlib.suppress(FileNotFoundError), place(root, path) as (name, folder):
        insist(os.unlink, name, dir_fd=folder)


def rename(root: Path, source: str, target: str, known: Status | None = None) -> None:
    """Rename a file; raises FileExistsError instead of replacing anything.

    With `known` it is that very file or none: FileNotFoundError says that another took its place.
    """
    with place(root, source) as old, place(root, target) as new:
        _require(old, known, source)
        _rename(old, new)
        try:
            _require(new, known, source)
        except FileNotFoundError:
            _rename(new, old)
            raise


def make_folder(root: Path, path: str, new: bool = False) -> None:
    """Make missing folders below the root. Never the root: when it vanishes, work must wait.

    It vanishes also by an empty folder's taking its place, which is what is below a mount. In a
    `new` studio nothing is there yet.
    """
    parts = _parts(path) if path not in ("", ".") else []
    with contextlib.suppress(OSError), _folder(root, parts):
        return  # as nearly always
    for depth in range(1, len(parts) + 1):
        with place(root, "/".join(parts[:depth])) as (name, folder):
            try:
                mode = _lstat((name, folder)).st_mode
            except FileNotFoundError:
                if depth == 1 and not (new or _is_marked(root)):
                    raise
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=folder)
                _sync(folder)
                continue
        if not stat.S_ISDIR(mode):
            raise _no_folder(path)


def sync_folder(root: Path, path: str) -> None:
    """Make the names in a folder survive a power cut."""
    with _folder(root, _parts(path) if path not in ("", ".") else []) as folder:
        _sync(folder)


def replace(root: Path, source: str, target: str) -> None:
    """Rename a file over another one, of which nothing stays."""
    with place(root, source) as old, place(root, target) as new:
        insist(os.replace, old[0], new[0], src_dir_fd=old[1], dst_dir_fd=new[1])


def copy_attributes(root: Path, source: str, to_root: Path, target: str) -> None:
    """Give a copy the times, the permissions and the marks of the file that it is a copy of."""
    if not _DESCRIPTORS:
        shutil.copystat(root / source, to_root / target, follow_symlinks=False)
        return
    with reading(root, source) as old, reading(to_root, target) as new:
        here, there = old.fileno(), new.fileno()
        found = os.fstat(here)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a file system without them
                for name in os.listxattr(here):
                    os.setxattr(there, name, os.getxattr(here, name))
        os.chmod(there, stat.S_IMODE(found.st_mode) & 0o777)  # noqa: PTH101
        os.utime(there, ns=(found.st_atime_ns, found.st_mtime_ns))


def names(root: Path, path: str) -> list[str]:
    """What lies in a folder, sorted; nothing where there is none."""
    try:
        with _folder(root, _parts(path)) as folder:
            at = folder if _DESCRIPTORS else entries.raw(root / path)
            with os.scandir(at) as found:
                return sorted(entry.name for _, entry in zip(range(_MOST_NAMES), found))  # noqa: B905
    except (FileNotFoundError, NotADirectoryError):
        return []


def files(root: Path, path: str, regular: bool = True) -> Iterator[str]:
    """The files at any depth below a folder ("": the root), in no order; links lead nowhere.

    They are `regular` ones, or else links and special files as well: reading those says what they
    are. Raises OSError for a folder that is there and cannot be read.
    """
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        inside: list[str] = []
        try:
            with _folder(root, _parts(folder) if folder else []) as descriptor:
                at = descriptor if _DESCRIPTORS else entries.raw(root / folder)
                with os.scandir(at) as found:
                    for entry in found:
                        below = f"{folder}/{entry.name}" if folder else entry.name
                        if entries.is_folder(entry):
                            waiting += [below] if below.count("/") < DEEPEST else []
                        elif not regular or entry.is_file(follow_symlinks=False):
                            inside.append(below)
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            if folder == path:
                raise
            continue
        yield from inside


@contextlib.contextmanager
def opened(
    path: str | Path, flags: int, folder: int | None = None, mode: str = "rb"
) -> Iterator[BinaryIO]:
    """A regular file, open; raises PictureError for what is none.

    Who writes waits for other programs to let go of it; who reads can come back later.
    """
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    if not _DESCRIPTORS:
        _refuse_link(Path(path), str(path))
    writes = flags & (os.O_WRONLY | os.O_RDWR)
    try:
        if writes:
            descriptor = insist(entries.open_, str(path), flags, folder)
        else:
            descriptor = entries.open_(str(path), flags, folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PictureError("it is a link; only real files are read") from None
        if error.errno in {errno.ENXIO, errno.EISDIR}:
            raise PictureError("it is not a regular file") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)  # `open` would refuse a folder, and leave it open
        raise PictureError("it is not a regular file")
    with open(descriptor, mode) as stream:  # noqa: PTH123 - a descriptor, not a path
        yield stream  # type: ignore[misc]


@contextlib.contextmanager
def _folder(root: Path, parts: list[str]) -> Iterator[int | None]:
    """A folder's descriptor; None on systems without, where its path has no link in it."""
    if not _DESCRIPTORS:
        _walk_by_paths(root, parts)
        yield None
        return
    descriptor = os.open(root, _FOLDERS_ONLY)
    try:
        for part in parts:
            try:
                below = os.open(part, _FOLDERS_ONLY | _NO_LINKS, dir_fd=descriptor)
            except OSError as error:
                if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                    raise _no_folder("/".join(parts)) from None
                raise
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _walk_by_paths(root: Path, parts: list[str]) -> None:
    for depth in range(1, len(parts) + 1):
        found = entries.lstat(str(root.joinpath(*parts[:depth])))
        if not stat.S_ISDIR(found.st_mode):
            raise _no_folder("/".join(parts))


def _refuse_link(path: Path, shown: str) -> None:
    """Raises where a link, a junction or the like lies; a sync program's placeholder is none."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISLNK(entries.lstat(str(path)).st_mode):
            raise _no_folder(shown)


def _parts(path: str) -> list[str]:
    """The parts of a relative path; raises PermissionError for one that would lead out."""
    parts = path.split("/")
    foreign = sys.platform == "win32" and ("\\" in path or ":" in path)
    if foreign or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise PermissionError(errno.EPERM, "it leads out of the studio", path)
    return parts


def _is_marked(root: Path) -> bool:
    found = status(root, ".hotfolder")
    return found is not None and stat.S_ISDIR(found.st_mode)


def _no_folder(path: str) -> NotADirectoryError:
    says = "it is a link or a file, not a folder"
    return NotADirectoryError(errno.ENOTDIR, says, path)


def _sync(folder: int | None) -> None:
    if folder is None:
        return  # folders cannot be opened on Windows; NTFS journals names by itself
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise


def _require(there: Place, known: Status | None, path: str) -> None:
    """Raises FileNotFoundError if another file than the known one has this name."""
    if known is None:
        return
    if not entries.same_file(_lstat(there), known):
        raise FileNotFoundError(errno.ENOENT, "another file has taken its place", path)


def _lstat(there: Place) -> Status:
    name, folder = there
    if sys.platform == "win32" or folder is None:
        return entries.lstat(name)
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _rename(old: Place, new: Place) -> None:
    if sys.platform == "win32":
        insist(os.rename, old[0], new[0])
        return
    if _rename_noreplace(old, new):
        return
    try:
        os.link(old[0], new[0], src_dir_fd=old[1], dst_dir_fd=new[1], follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
        # A file system without links (exFAT, some network shares): an empty file takes the name.
        os.close(os.open(new[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=new[1]))
        try:
            os.replace(old[0], new[0], src_dir_fd=old[1], dst_dir_fd=new[1])
        except OSError:
            os.unlink(new[0], dir_fd=new[1])
            raise
        return
    os.unlink(old[0], dir_fd=old[1])


def _rename_noreplace(old: Place, new: Place) -> bool:
    """Whether the kernel did it; False where it or the file system does not know how."""
    import ctypes  # which most commands never need

    library = ctypes.CDLL(None, use_errno=True)
    name_old, name_new = os.fsencode(old[0]), os.fsencode(new[0])
    at_old = _AT_FDCWD if old[1] is None else old[1]
    at_new = _AT_FDCWD if new[1] is None else new[1]
    if renameat2 := getattr(library, "renameat2", None):  # Linux
        failed = renameat2(at_old, name_old, at_new, name_new, _RENAME_NOREPLACE)
    elif renameatx_np := getattr(library, "renameatx_np", None):  # macOS
        failed = renameatx_np(at_old, name_old, at_new, name_new, _RENAME_EXCL)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), old[0], None, new[0])
