"""Files as Windows knows them: one query says all of a file's state, and opening it hinders nobody.

Python's own calls have three traps there. `os.lstat` gives the time of creation where other
systems give that of the last change, and `DirEntry.stat` gives no identity. A file that Python
opens can be neither renamed nor deleted by anybody else meanwhile. And Windows reads paths its own
way: `nul.txt` is a device, dots and spaces at the end of a name vanish, 260 characters are the
most.

See CreateFileW, GetFileInformationByHandleEx and "Naming Files, Paths, and Namespaces" in
Microsoft's documentation.
"""

from __future__ import annotations

import ctypes
import errno
import ntpath
import os
import stat
import sys
from dataclasses import dataclass

_RAW = "\\\\?\\"
_EPOCH = 116_444_736_000_000_000  # 1970 in units of 100 ns since 1601

_READ_ATTRIBUTES = 0x80
_GENERIC_READ, _GENERIC_WRITE = 0x80000000, 0x40000000
_SHARE_ALL = 1 | 2 | 4  # with readers, with writers, and with who renames or deletes
_CREATE_NEW, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 3, 4
_FOLDERS_AS_WELL, _LINKS_THEMSELVES = 0x02000000, 0x00200000
_IS_READ_ONLY, _IS_FOLDER, _IS_REPARSE_POINT = 0x1, 0x10, 0x400
_NAME_SURROGATE = 0x20000000  # of reparse tags: it leads elsewhere, as a link does
_BASIC_INFO, _TAG_INFO = 0, 9


@dataclass(frozen=True, slots=True)
class Status:
    """What `os.lstat` says on other systems, under the same names; `st_ctime_ns` is of the change.

    Whatever leads elsewhere (links, junctions, mounted volumes) is a link in `st_mode`. A sync
    program's placeholder is a file.
    """

    st_mode: int
    st_dev: int
    st_ino: int
    st_nlink: int
    st_size: int
    st_mtime_ns: int
    st_ctime_ns: int
    st_file_attributes: int


def raw(path: str) -> str:
    r"""A path that Windows takes as it is, with any name and of any length.

    >>> raw("C:/pictures/inbox/nul.txt")
    '\\\\?\\C:\\pictures\\inbox\\nul.txt'
    """
    if path.startswith((_RAW, "\\\\.\\")):
        return path
    drive, below = ntpath.splitdrive(path)
    if not drive or not below.startswith(("\\", "/")):
        path = ntpath.join(os.getcwd(), path)  # noqa: PTH109
    path = ntpath.normpath(path)
    if path.startswith("\\\\"):
        return _RAW + "UNC" + path[1:]
    return _RAW + path


def mode(attributes: int, tag: int) -> int:
    """A file's kind and permissions as POSIX has them."""
    if attributes & _IS_REPARSE_POINT and tag & _NAME_SURROGATE:
        return stat.S_IFLNK | 0o777
    kind = stat.S_IFDIR | 0o111 if attributes & _IS_FOLDER else stat.S_IFREG
    return kind | (0o444 if attributes & _IS_READ_ONLY else 0o666)


if sys.platform == "win32":
    import msvcrt
    from ctypes import wintypes

    class _FileInformation(ctypes.Structure):
        _fields_ = (
            ("attributes", wintypes.DWORD),
            ("times", wintypes.DWORD * 6),
            ("volume", wintypes.DWORD),
            ("size_high", wintypes.DWORD),
            ("size_low", wintypes.DWORD),
            ("links", wintypes.DWORD),
            ("index_high", wintypes.DWORD),
            ("index_low", wintypes.DWORD),
        )

    class _BasicInfo(ctypes.Structure):
        _fields_ = (
            ("created", ctypes.c_int64),
            ("accessed", ctypes.c_int64),
            ("written", ctypes.c_int64),
            ("changed", ctypes.c_int64),
            ("attributes", wintypes.DWORD),
        )

    class _TagInfo(ctypes.Structure):
        _fields_ = (("attributes", wintypes.DWORD), ("tag", wintypes.DWORD))

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateFileW.restype = wintypes.HANDLE
    _kernel.CreateFileW.argtypes = (
        wintypes.LPCWSTR,
        wintypes.DWORD,
        wintypes.DWORD,
        ctypes.c_void_p,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.HANDLE,
    )
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _kernel.GetFileInformationByHandle.argtypes = (wintypes.HANDLE, ctypes.c_void_p)
    _kernel.GetFileInformationByHandleEx.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        ctypes.c_void_p,
        wintypes.DWORD,
    )
    _NONE = wintypes.HANDLE(-1).value

    def lstat(path: str) -> Status:
        """What lies at `path` itself. Raises OSError."""
        flags = _FOLDERS_AS_WELL | _LINKS_THEMSELVES
        handle = _handle(path, _READ_ATTRIBUTES, _OPEN_EXISTING, flags)
        try:
            return _status(handle, path)
        finally:
            _kernel.CloseHandle(handle)

    def open_(path: str, flags: int) -> int:
        """A descriptor, as `os.open` gives it, of a file that others may go on to use as they like.

        It is the very file that lay there, and no link. Raises OSError.
        """
        try:
            known: Status | None = lstat(path)
        except FileNotFoundError:
            known = None
        if known is not None and not stat.S_ISREG(known.st_mode):
            code = errno.ELOOP if stat.S_ISLNK(known.st_mode) else errno.EISDIR
            raise OSError(code, os.strerror(code), path)
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        access = (0 if writes == os.O_WRONLY else _GENERIC_READ) | (_GENERIC_WRITE if writes else 0)
        makes = _CREATE_NEW if flags & os.O_EXCL else _OPEN_ALWAYS
        handle = _handle(path, access, makes if flags & os.O_CREAT else _OPEN_EXISTING, 0)
        try:
            found = _status(handle, path)
            if known is not None and (known.st_dev, known.st_ino) != (found.st_dev, found.st_ino):
                raise FileNotFoundError(errno.ENOENT, "another file has taken its place", path)
            return msvcrt.open_osfhandle(handle, flags)
        except BaseException:
            _kernel.CloseHandle(handle)
            raise

    def _handle(path: str, access: int, makes: int, flags: int) -> int:
        handle: int = _kernel.CreateFileW(raw(path), access, _SHARE_ALL, None, makes, flags, None)
        _require(handle != _NONE, path)
        return handle

    def _status(handle: int, path: str) -> Status:
        found, times, tag = _FileInformation(), _BasicInfo(), _TagInfo()
        _require(_kernel.GetFileInformationByHandle(handle, ctypes.byref(found)), path)
        _ask(handle, _BASIC_INFO, times, path)
        if found.attributes & _IS_REPARSE_POINT:
            _ask(handle, _TAG_INFO, tag, path)
        return Status(
            mode(found.attributes, tag.tag),
            found.volume,
            found.index_high << 32 | found.index_low,
            found.links,
            found.size_high << 32 | found.size_low,
            (times.written - _EPOCH) * 100,
            (times.changed - _EPOCH) * 100,
            found.attributes,
        )

    def _ask(handle: int, what: int, into: ctypes.Structure, path: str) -> None:
        size = ctypes.sizeof(into)
        _require(_kernel.GetFileInformationByHandleEx(handle, what, ctypes.byref(into), size), path)

    def _require(worked: object, path: str) -> None:
        if not worked:
            code = ctypes.get_last_error()
            raise OSError(0, ctypes.FormatError(code).strip(), path, code)
