"""Whether this machine wrote a line of JSON itself: a keyed hash at its end.

The key never leaves local state, so whoever can write into a studio can forge history, but not this
machine's. A line without a hash, as older versions wrote them, is nobody's in particular.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from hotfolder.studio import beneath
from hotfolder.studio.store import local

_KEY = b',"mac":"'
_DIGITS = 32
_LENGTH = len(_KEY) + _DIGITS + 2


def signed(line: bytes) -> bytes:
    """The line, an object of JSON, with this machine's hash as its last key."""
    return line[:-1] + _KEY + _hash(line) + b'"}'


def unsigned(line: bytes) -> bytes:
    """The line as it was before it was signed, by whatever machine."""
    return line[:-_LENGTH] + b"}" if line[-_LENGTH:].startswith(_KEY) else line


def is_own(line: bytes) -> bool:
    """Whether this machine signed the line, and it is still as it was."""
    plain = unsigned(line)
    return plain != line and hmac.compare_digest(line[-_DIGITS - 2 : -2], _hash(plain))


def unsigned_until(root: Path, path: str) -> int:
    """How many bytes of a file this machine wrote before it signed lines, as of the first look."""
    file = local.folder(root) / "unsigned.json"
    known = local.read(file, dict[str, int]) or {}
    if path not in known:
        found = beneath.status(root, path)
        known[path] = found.st_size if found else 0
        with suppress(OSError):  # then it is found out again
            local.write(file, known)
    return known[path]


def _hash(line: bytes) -> bytes:
    return hmac.new(local.key(), line, sha256).hexdigest()[:_DIGITS].encode("ascii")
