"""Give a file of this machine's new content: all of it, or what it had before."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hotfolder import held


def replace(file: Path, data: bytes, *, mode: int = 0o600, durable: bool = False) -> None:
    """Put `data` in place of what `file` holds. Raises OSError.

    The file appears with all its bytes or not at all, also to those who read it meanwhile. With
    `durable` that holds for a loss of power as well: the bytes are on the disk before it appears.
    By default only this user can read it; the umask takes from any `mode`.
    """
    temporary = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - a descriptor
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        held.replace(temporary, file)
    except BaseException:
        held.delete(temporary)
        raise
