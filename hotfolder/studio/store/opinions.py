"""What taste is learned from, on disk: judgements, and features of pictures, as lines of JSON.

In `.hotfolder/taste/` each machine appends to files of its own, as with the ledger, so they can be
synced. A line that is torn or not understood is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_conflict, is_temporary
from hotfolder.studio.store import atomic, local
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement

T = TypeVar("T", bound=Struct)

_LONGEST_LINE = 2**18
_MOST_BYTES = 2**30  # of one machine's file: of a longer one the end is read


def note(studio: Studio, judgements: Sequence[Judgement]) -> None:
    """Write judgements down, durable when this returns."""
    _append(studio, studio.taste, judgements, durable=True)


def keep(studio: Studio, features: Features) -> None:
    """Keep a picture's features. A power cut may lose them; then the picture is measured."""
    _append(studio, studio.taste / "features", [features], durable=False)


def judgements(studio: Studio, own_only: bool = False) -> list[Judgement]:
    """Every judgement that was written down, those of one machine in their order."""
    return [j for file in _files(studio.taste, own_only) for j in _read(file, Judgement)]


def features(studio: Studio) -> Iterator[Features]:
    """The features of every picture that were kept, those of one machine in their order."""
    for file in _files(studio.taste / "features", own_only=False):
        yield from _read(file, Features)


def order(studio: Studio) -> list[str]:
    """The keys of all pictures whose features were kept, those of one machine in their order."""
    files = _files(studio.taste / "features", own_only=False)
    return [key.picture for file in files for key in _read(file, _Key)]


class _Key(Struct, frozen=True):
    """The part of a line that says of which picture it is."""

    picture: str


def _append(studio: Studio, folder: Path, lines: Sequence[Struct], durable: bool) -> None:
    if not lines:
        return
    atomic.make_folder(studio.root, folder)
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    with open(folder / f"{local.machine()}.jsonl", "ab", opener=_no_link) as stream:
        # The line end comes first: a torn line ends before the next.
        stream.write(b"\n" + data if stream.tell() else data)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())


def _no_link(path: str, flags: int) -> int:
    """Open a file, but none that a link leads to: that may be anywhere."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _files(folder: Path, own_only: bool) -> Iterator[Path]:
    for file in sorted(folder.glob("*.jsonl")):
        private = is_temporary(file.name) or is_conflict(file.name) or file.is_symlink()
        if not private and (not own_only or file.stem == local.machine()):
            yield file


def _read(file: Path, kind: type[T]) -> Iterator[T]:
    decode = msgspec.json.Decoder(kind).decode
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _MOST_BYTES))
            while line := stream.readline(_LONGEST_LINE):
                try:
                    yield decode(line)
                except (ValueError, RecursionError):
                    continue  # empty, torn, or of a later version
    except FileNotFoundError:
        return  # a sync client is about to replace it
