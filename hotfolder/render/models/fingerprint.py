"""The SHA-256 of a model: its relative names and contents; and that of its file alone."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from hotfolder import checksum
from hotfolder.recipes.model import Model
from hotfolder.recipes.sources import source_name
from hotfolder.render.models import diffusers_folder, split


@dataclass(frozen=True, slots=True)
class Marks:
    """What a model is known by: its fingerprint, its one file's SHA-256, those of its parts."""

    model: str
    file: str
    parts: dict[str, str]


def fingerprint(model: Path, cache: Path | None = None, without: Collection[str] = ()) -> str:
    """64 hex digits that change when any file of `model` does that decides pixels.

    Weights of the parts in `without` come from elsewhere and do not count. `cache` is where
    `checksum` remembers the hashes of large files.
    """
    digest = hashlib.sha256()
    for name, file in diffusers_folder.files(model, without):
        digest.update(f"{name}\0{checksum.sha256(file, cache)}\n".encode())
    return digest.hexdigest()


def begin(model: Model, path: Path, base: Path | None) -> Callable[[], Marks]:
    """Work out what `model` at `path` is known by, beside whatever its weights are read for.

    The answer waits for it, and raises what went wrong. Nobody waits for the thread at the end.
    """
    found: list[Marks] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            found.append(_marks(model, path, base))
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="fingerprint", daemon=True)
    thread.start()

    def answer() -> Marks:
        thread.join()
        if failed:
            raise failed[0]
        return found[0]

    return answer


def _marks(model: Model, path: Path, base: Path | None) -> Marks:
    without, files = split.told(model, path, base)
    parts = {name: fingerprint(file) for name, file in files.items()}
    file = files[source_name(model.transformer)] if model.transformer else path
    plain = checksum.sha256(file) if file.is_file() else ""
    return Marks(fingerprint(path, without=without), plain, parts)
