"""A file that anybody may have put there: its state, and its bytes (no links, no pipes)."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from zlib import crc32

from msgspec import Struct

from hotfolder.studio import beneath, entries
from hotfolder.studio.entries import Status

MAX_PICTURE_BYTES = 96 * 2**20  # of any format; with its pixels that fits into 500 MB

# FILE_ATTRIBUTE_OFFLINE, _RECALL_ON_OPEN and _RECALL_ON_DATA_ACCESS of Windows
_NOT_HERE = 0x1000 | 0x40000 | 0x400000


class Reading(Struct, frozen=True, gc=False):
    """What `lstat` says of a file, as far as it tells one state of it from another.

    ctime is part of it, because programs that rate pictures put the mtime back. A `placeholder`
    stands for a file of which a sync program has only the name on this computer: reading it would
    fetch the rest. One is kept for each file: a struct is small and quick to compare.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    placeholder: bool = False

    @property
    def file(self) -> tuple[int, int, int, int]:
        """What stays as it is when a file is renamed, which may change its ctime."""
        return self.device, self.inode, self.size, self.mtime_ns

    def digest(self, path: str) -> int:
        """A number for a file of this path in this state: the same in every process."""
        times = self.mtime_ns, self.ctime_ns
        return hash((crc32(encoded(path)), self.inode, self.size, *times))

    @classmethod
    def of(cls, stat: Status) -> Reading:
        """The reading in a stat result."""
        if sys.platform == "win32":
            placeholder = bool(stat.st_file_attributes & _NOT_HERE)
        else:
            placeholder = stat.st_blocks == 0 and stat.st_size > 0
        times = stat.st_mtime_ns, stat.st_ctime_ns
        return cls(stat.st_dev, stat.st_ino, stat.st_size, *times, placeholder)


def encoded(name: str) -> bytes:
    """The bytes of a name, which may be no text."""
    return name.encode("utf-8", "surrogatepass")


def state_digest(path: int, status: Status) -> int:
    """The same number as `Reading.digest`, of a path's checksum and a stat result."""
    times = status.st_mtime_ns, status.st_ctime_ns
    return hash((path, status.st_ino, status.st_size, *times))


def read_settled(
    path: Path, settled: Reading, limit: int = MAX_PICTURE_BYTES, below: Path | None = None
) -> bytes:
    """As `read_file`, of a file that has settled in a certain state.

    Raises FileNotFoundError if it has left that state: it may have been read amid a change.
    """
    data = read_file(path, limit, below)
    now = Reading.of(entries.lstat(str(path)))
    # Some file systems count inodes anew at each look; what a writer changes is one of these.
    if (now.size, now.mtime_ns) != (settled.size, settled.mtime_ns):
        raise FileNotFoundError(errno.ENOENT, "it has changed since", str(path))
    return data


def read_file(path: Path, limit: int = MAX_PICTURE_BYTES, below: Path | None = None) -> bytes:
    """The bytes of a regular file, at most `limit` + 1 of them, so that too much can be told.

    Of a studio's file no folder on the way to it is a link, either; `below` is the studio's root,
    which is looked for where it is not given. Raises OSError; PictureError for what is no regular
    file.
    """
    if below is not None:
        return beneath.read(below, path.relative_to(below).as_posix(), limit)
    if found := beneath.within(path):
        return beneath.read(*found, limit)
    with beneath.opened(path, os.O_RDONLY) as stream:
        return stream.read(limit + 1)
