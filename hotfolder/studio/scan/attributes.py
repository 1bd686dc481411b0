"""The extended attributes of files, in which desktops keep ratings and tags.

Python reads them on Linux alone; on macOS its C library is asked (getxattr(2), listxattr(2)).
Windows has none of the kind.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST = 64
LONGEST = 65_536  # bytes
_NO_FOLLOW = 1  # XATTR_NOFOLLOW of macOS
_NAMES_BYTES = 65_536


def attributes(file: Path) -> Iterator[tuple[str, bytes]]:
    """Name and value of each; none for a file that is gone, or where there are none."""
    if sys.platform == "linux":
        with suppress(OSError):
            for name in os.listxattr(file, follow_symlinks=False)[:MOST]:
                value = os.getxattr(file, name, follow_symlinks=False)
                if len(value) <= LONGEST:
                    yield name, value
    elif sys.platform == "darwin":
        yield from of_a_mac(file, ctypes.CDLL(None))
    else:
        yield from ()


def of_a_mac(file: Path, library: Any) -> Iterator[tuple[str, bytes]]:
    """The same, as the C library of macOS tells; `library` has `listxattr` and `getxattr`."""
    for function in (library.listxattr, library.getxattr):
        function.restype = ctypes.c_ssize_t
    path, names = os.fsencode(file), ctypes.create_string_buffer(_NAMES_BYTES)
    size = library.listxattr(path, names, ctypes.c_size_t(_NAMES_BYTES), _NO_FOLLOW)
    if size <= 0:
        return
    value = ctypes.create_string_buffer(LONGEST)
    for name in names.raw[:size].split(b"\0")[:-1][:MOST]:
        most = ctypes.c_size_t(LONGEST)
        length = library.getxattr(path, name, value, most, ctypes.c_uint32(0), _NO_FOLLOW)
        if length >= 0:
            yield name.decode("utf-8", "replace"), value.raw[:length]
