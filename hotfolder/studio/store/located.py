"""Where words were found in pictures: this machine's own, so that none is looked for twice.

A file for each picture, word and finder; it may be lost, and then the word is looked for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from hotfolder import held, json_text, replacement
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.refine import key
from hotfolder.recipes.region import Region
from hotfolder.studio.store import local

_FOLDER = "located"
_VERSION = "3"  # of how words are found, and kept
_MOST_FILES = 1_000
Regions = tuple[Region, ...]


def keep(root: Path, source: Recipe | Pixels, by: str, found: Mapping[str, Regions]) -> None:
    """Keep where words are in a picture, as `by` has found them. Raises OSError."""
    folder = local.folder(root) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for word, regions in found.items():
        replacement.replace(folder / _name(source, by, word), json_text.encode(regions))
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for file in files[:-_MOST_FILES]:
        held.delete(file)


def of(root: Path, source: Recipe | Pixels, by: str, word: str) -> Regions | None:
    """The regions of a word in a picture; none if it is not there, None if nobody has looked."""
    with suppress(OSError, msgspec.MsgspecError):
        kept = (local.folder(root) / _FOLDER / _name(source, by, word)).read_bytes()
        return msgspec.json.decode(kept, type=Regions)
    return None


def _name(source: Recipe | Pixels, by: str, word: str) -> str:
    said = "\n".join((_VERSION, key(source), by, word))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
