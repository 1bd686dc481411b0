"""Where words were found in pictures: this machine's own, so that none is looked for twice.

A file for each picture, word and finder; it may be lost, and then the word is looked for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hotfolder import held, replacement
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.refine import key
from hotfolder.studio.store import local

_FOLDER = "located"
_VERSION = "1"  # of how words are found
_MOST_FILES = 1_000


def keep(root: Path, source: Recipe | Pixels, by: str, masks: Mapping[str, bytes]) -> None:
    """Keep where words are in a picture, as `by` has found them. Raises OSError."""
    folder = local.folder(root) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for word, mask in masks.items():
        replacement.replace(folder / _name(source, by, word), mask)
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for file in files[:-_MOST_FILES]:
        held.delete(file)


def of(root: Path, source: Recipe | Pixels, by: str, word: str) -> bytes | None:
    """The packed mask of a word in a picture; b"" if it is not there, None if nobody has looked."""
    with suppress(OSError):
        return (local.folder(root) / _FOLDER / _name(source, by, word)).read_bytes()
    return None


def _name(source: Recipe | Pixels, by: str, word: str) -> str:
    said = "\n".join((_VERSION, key(source), by, word))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
