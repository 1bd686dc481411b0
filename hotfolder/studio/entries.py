"""What lies in a folder, and in which state: the same answers on every system.

Only `lstat` is asked, whichever way a file was met, so that two looks at an untouched file agree.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

if sys.platform == "win32":
    from hotfolder.studio import windows
    from hotfolder.studio.windows import Status as Status
    from hotfolder.studio.windows import lstat as lstat

    def raw(path: Path) -> str:
        """A path for functions of `os`, with any name and of any length."""
        return windows.raw(str(path))

    def scandir(folder: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """The entries of a folder. Raises OSError."""
        return os.scandir(windows.raw(folder))

    def status(entry: os.DirEntry[str]) -> Status:
        """What `lstat` says of an entry. Raises OSError."""
        return lstat(entry.path)

    def is_folder(entry: os.DirEntry[str]) -> bool:
        """Whether an entry is a folder, and neither a link nor a junction. Raises OSError."""
        found = entry.stat(follow_symlinks=False)  # which costs nothing
        return stat.S_ISDIR(windows.mode(found.st_file_attributes, found.st_reparse_tag))

    def open_(path: str, flags: int, folder: int | None = None) -> int:
        """A descriptor, as `os.open` gives it; nobody else is kept from the file by it."""
        return windows.open_(path, flags)
else:
    Status = os.stat_result
    lstat = os.lstat

    def raw(path: Path) -> str:
        """A path for functions of `os`, with any name and of any length."""
        return str(path)

    @contextmanager
    def scandir(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        """The entries of a folder, which is no link. Raises OSError.

        By its descriptor, since the state of an entry is then found without walking its path again.
        """
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            with os.scandir(descriptor) as inside:
                yield inside
        finally:
            os.close(descriptor)

    def status(entry: os.DirEntry[str]) -> Status:
        """What `lstat` says of an entry. Raises OSError."""
        return entry.stat(follow_symlinks=False)

    def is_folder(entry: os.DirEntry[str]) -> bool:
        """Whether an entry is a folder, and no link. Raises OSError."""
        return entry.is_dir(follow_symlinks=False)

    def open_(path: str, flags: int, folder: int | None = None) -> int:
        """A descriptor of what lies at `path`, in the `folder` of another descriptor."""
        return os.open(path, flags, 0o666, dir_fd=folder)


def same_file(one: Status, other: Status) -> bool:
    """Whether two states are of one file, under whatever names."""
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
