"""The SHA-256 of a model: its relative names and contents."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from hotfolder import checksum
from hotfolder.render.models import weights


def fingerprint(model: Path, cache: Path | None = None, without: Collection[str] = ()) -> str:
    """64 hex digits that change when any file of `model` does that decides pixels.

    Weights of the parts in `without` come from elsewhere and do not count. `cache` is where
    `checksum` remembers the hashes of large files.
    """
    digest = hashlib.sha256()
    for name, file in weights.files(model, without):
        digest.update(f"{name}\0{checksum.sha256(file, cache)}\n".encode())
    return digest.hexdigest()
