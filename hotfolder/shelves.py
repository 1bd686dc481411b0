"""The owner's folders of LoRAs and embeddings: what lies there, and by which names it is known."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from hotfolder import checksum
from hotfolder.recipes.library import Offer, spellings

ENDING = ".safetensors"  # anything else can run code when it is read
MOST_FILES = 10_000
_MOST_HEADER = 8_000_000  # bytes; trainers put the words of all their captions there
_ALIASES = ("ss_output_name", "modelspec.title")
_TENSORS = "sshs_model_hash"  # SHA-256 without the header: what A1111 writes beside a LoRA's name


def offers(folder: Path) -> tuple[Offer, ...]:
    """The files of weights in and below `folder`, in the order of their paths.

    Raises OSError where there is no folder that can be read.
    """
    return tuple(_offer(path) for path in files(folder))


def find(folders: Iterable[Path], name: str) -> Path | None:
    """The file in these folders whose name, without its ending, is `name`; the first of several."""
    for folder in folders:
        if folder.is_dir():
            for path in files(folder):
                if path.stem == name:
                    return path
    return None


def files(folder: Path) -> list[Path]:
    """The files of weights in and below `folder`, sorted, not more than anybody has.

    Raises OSError where there is no folder that can be read.
    """
    next(os.scandir(folder), None)  # os.walk keeps it to itself
    return sorted(_walk(folder))[:MOST_FILES]


def hashed(folders: Iterable[Path], digits: str) -> str | None:
    """The name of the file whose SHA-256 begins with these hex digits; None if there is none.

    Files that were never read are read for it, which takes seconds for each gigabyte.
    """
    for folder in folders:
        if folder.is_dir():
            for path in files(folder):
                if checksum.sha256(path).startswith(digits.lower()):
                    return path.stem
    return None


def known(folders: Iterable[tuple[Offer, ...]]) -> dict[str, str]:
    """Every spelling of what lies in several folders; the first folder comes first."""
    return spellings(offer for folder in folders for offer in folder)


def _walk(folder: Path) -> Iterator[Path]:
    for below, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(ENDING) and not name.startswith("."):
                yield Path(below, name)


def _offer(path: Path) -> Offer:
    try:
        stat = path.stat()
        told = _told(path, stat.st_size, stat.st_mtime_ns)
        others = [*told, checksum.remembered(path) or ""]
    except OSError:
        others = []
    return Offer(path.stem, tuple(name for name in others if name and name != path.stem))


@lru_cache(maxsize=MOST_FILES)
def _told(path: Path, size: int, changed_ns: int) -> tuple[str, ...]:
    """What the metadata of a file calls it, and the hash there. Size and time say which state."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(_MOST_HEADER, size):
            return ()
        header = file.read(length)
    try:
        metadata = json.loads(header).get("__metadata__") or {}
        alias = next((metadata[key] for key in _ALIASES if metadata.get(key)), "")
        found = (alias, str(metadata.get(_TENSORS, "")).removeprefix("0x"))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ()
    return tuple(one[:200] for one in found if isinstance(one, str))
