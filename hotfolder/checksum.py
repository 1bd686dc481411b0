"""The SHA-256 of large files, remembered: reading gigabytes takes long."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import platformdirs

from hotfolder.replacement import replace

REMEMBERED_FROM_BYTES = 1_000_000


def sha256(file: Path, cache: Path | None = None) -> str:
    """The file's SHA-256, 64 hex digits.

    That of a large file is remembered in `cache` (by default the user's) under its path, size,
    time of change and number in its file system.
    """
    known = remembered(file, cache)
    if known is not None:
        return known
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    note = _note(file, cache)
    # A cache that cannot be written costs time, not correctness.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        replace(note, digest.encode("ascii"))
    return digest


def remembered(file: Path, cache: Path | None = None) -> str | None:
    """The file's SHA-256 if it takes no time: it is small, or was worked out before."""
    if file.stat().st_size < REMEMBERED_FROM_BYTES:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if len(known := _note(file, cache).read_text(encoding="ascii")) == 64:
            return known
    return None


def _note(file: Path, cache: Path | None) -> Path:
    cache = cache or Path(platformdirs.user_cache_dir("hotfolder")) / "fingerprints"
    stat = file.stat()
    key = f"{file.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}"
    return cache / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
