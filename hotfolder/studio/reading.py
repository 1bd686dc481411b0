"""Read a file that anybody may have put there: bounded, no links, no pipes."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.studio.settle import Reading

MAX_PICTURE_BYTES = 96 * 2**20  # of any format; with its pixels that fits into 500 MB


def read_settled(path: Path, settled: Reading, limit: int = MAX_PICTURE_BYTES) -> bytes:
    """As `read_file`, of a file that has settled in a certain state.

    Raises FileNotFoundError if it has left that state: it may have been read amid a change.
    """
    data = read_file(path, limit)
    now = Reading.of(os.lstat(path))
    # Some file systems count inodes anew at each look; what a writer changes is one of these.
    if (now.size, now.mtime_ns) != (settled.size, settled.mtime_ns):
        raise FileNotFoundError(errno.ENOENT, "it has changed since", str(path))
    return data


def read_file(path: Path, limit: int = MAX_PICTURE_BYTES) -> bytes:
    """The bytes of a regular file, at most `limit` + 1 of them, so that too much can be told.

    Raises OSError; PictureError for what is no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PictureError("it is a link; only real files are read") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)  # `open` would refuse a folder, and leave it open
        raise PictureError("it is no regular file")
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
        return stream.read(limit + 1)
