"""What taste is learned from, on disk: judgements, and features of pictures, as lines of JSON.

In `.hotfolder/taste/` each machine appends to files of its own, as with the ledger, so they can be
synced. A line that is torn or not understood is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from hotfolder import json_text
from hotfolder.errors import PictureError
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_conflict, is_temporary
from hotfolder.studio.store import local
from hotfolder.studio.store.signature import is_own, signed, unsigned_until
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement

T = TypeVar("T", bound=Struct)

_TASTE = ".hotfolder/taste"
_FEATURES = f"{_TASTE}/features"
_LONGEST_LINE = 2**18
_MOST_BYTES = 2**30  # of one machine's file: of a longer one the end is read
_MOST_JUDGED = 2**25  # and of its judgements
_MOST_FILES = 1000
_LINES_AT_ONCE = 1000  # 5 ms


def note(studio: Studio, judgements: Sequence[Judgement]) -> None:
    """Write judgements down, durable when this returns."""
    unsigned_until(studio.root, f"{_TASTE}/{local.machine()}.jsonl")  # before the first is signed
    _append(studio, _TASTE, judgements, durable=True)


def keep(studio: Studio, features: Features) -> None:
    """Keep a picture's features. A power cut may lose them; then the picture is measured."""
    _append(studio, _FEATURES, [features], durable=False)


def judgements(studio: Studio, own_only: bool = False) -> list[Judgement]:
    """Every judgement that was written down, those of one machine in their order.

    Those that are not proved to be this machine's are left out with `own_only`.
    """
    files = _files(studio, _TASTE, own_only)
    read = (_read(studio, file, Judgement, _MOST_JUDGED, own_only) for file in files)
    return list(chain.from_iterable(read))


def extent(studio: Studio) -> int:
    """How many bytes of judgements there are: more, when something was judged."""
    states = (beneath.status(studio.root, file) for file in _files(studio, _TASTE))
    return sum(state.st_size for state in states if state is not None)


def features(studio: Studio) -> Iterator[Features]:
    """The features of every picture that were kept, those of one machine in their order."""
    for file in _files(studio, _FEATURES):
        yield from _read(studio, file, Features)


def words(studio: Studio) -> Iterator[Features]:
    """The same without their numbers, which is quicker."""
    for file in _files(studio, _FEATURES):
        for said in _read(studio, file, _Words):
            yield Features(**asdict(said))


def order(studio: Studio) -> list[str]:
    """The keys of all drafts that were made, as features were kept; those of a machine in order.

    Drafts that were given up have no picture, and when a picture from elsewhere came nobody knows.
    """
    keys = (key for file in _files(studio, _FEATURES) for key in _read(studio, file, _Key))
    return [key.picture for key in keys if key.chance > 0 and not key.encoded]


class Kept:
    """Of which pictures features are kept: `digits` has the first eight of each key."""

    def __init__(self, studio: Studio) -> None:
        self.digits: set[str] = set()
        self._studio = studio
        self._at: dict[str, int] = {}

    def read_on(self) -> bool:
        """Read some of the lines that are new; whether there is more. Raises OSError."""
        return any(map(self._read_on, _files(self._studio, _FEATURES)))

    def _read_on(self, file: str) -> bool:
        try:
            with beneath.reading(self._studio.root, file) as stream:
                size, at = stream.seek(0, os.SEEK_END), self._at.get(file, 0)
                stream.seek(at if at <= size else 0)  # a sync client may have put another one there
                for _ in range(_LINES_AT_ONCE):
                    line = stream.readline(_LONGEST_LINE)
                    if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
                        return False  # the end, or a line that is being written
                    self._at[file] = stream.tell()
                    with suppress(ValueError, RecursionError):
                        self.digits.add(_decode_key(line).picture[:8])
        except (FileNotFoundError, PictureError):
            return False
        return True


class _Words(Struct, frozen=True):
    """The part of a line that needs no numbers."""

    picture: str
    prompt: str = ""
    profile: str = ""
    prompt_file: str = ""
    width: int = 0
    height: int = 0


class _Key(Struct, frozen=True):
    """The part of a line that says of which picture it is."""

    picture: str
    chance: float = 1.0
    encoded: bool = False


_decode_key = msgspec.json.Decoder(_Key).decode


def _append(studio: Studio, folder: str, lines: Sequence[Struct], durable: bool) -> None:
    if not lines:
        return
    beneath.make_folder(studio.root, folder)
    data = b"\n".join(signed(json_text.encode(line)) for line in lines)
    beneath.append_line(studio.root, f"{folder}/{local.machine()}.jsonl", data, durable)


def _files(studio: Studio, folder: str, own_only: bool = False) -> Iterator[str]:
    for name in beneath.names(studio.root, folder)[:_MOST_FILES]:
        private = is_temporary(name) or is_conflict(name) or not name.endswith(".jsonl")
        if not private and (not own_only or name == f"{local.machine()}.jsonl"):
            yield f"{folder}/{name}"


def _read(
    studio: Studio, file: str, kind: type[T], most: int = _MOST_BYTES, own_only: bool = False
) -> Iterator[T]:
    decode = msgspec.json.Decoder(kind).decode
    ours = unsigned_until(studio.root, file) if own_only else 0
    try:
        with beneath.reading(studio.root, file) as stream:
            at = stream.seek(max(0, stream.seek(0, os.SEEK_END) - most))
            while line := stream.readline(_LONGEST_LINE):
                begin, at = at, at + len(line)
                if own_only and begin >= ours and not is_own(line.rstrip(b"\n")):
                    continue
                try:
                    yield decode(line)
                except (ValueError, RecursionError):
                    continue  # empty, torn, or of a later version
    except (FileNotFoundError, PictureError):
        return  # a sync client is about to replace it, or it is no file
