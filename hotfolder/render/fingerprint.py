"""The SHA-256 of a model: its relative names and contents, remembered because models are large."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import platformdirs

from hotfolder.render import weights

REMEMBERED_FROM_BYTES = 1_000_000


def fingerprint(model: Path, cache: Path | None = None) -> str:
    """64 hex digits that change when any file of `model` does that decides pixels.

    The hash of a large file is remembered in `cache` (by default the user's) under its path, size
    and time of change.
    """
    cache = cache or Path(platformdirs.user_cache_dir("hotfolder")) / "fingerprints"
    digest = hashlib.sha256()
    for name, file in weights.files(model):
        digest.update(f"{name}\0{_file_hash(file, cache)}\n".encode())
    return digest.hexdigest()


def _file_hash(file: Path, cache: Path) -> str:
    stat = file.stat()
    if stat.st_size < REMEMBERED_FROM_BYTES:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    key = f"{file.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
    note = cache / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if len(remembered := note.read_text(encoding="ascii")) == 64:
            return remembered
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    # A cache that cannot be written costs time, not correctness.
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        fresh = note.with_name(f"{note.name}.{os.getpid()}")
        fresh.write_text(digest, encoding="ascii")
        fresh.replace(note)
    return digest
