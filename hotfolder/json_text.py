"""JSON of anything that may hold the name of a file, which may be no text.

A name that is not UTF-8 has half characters in Python. Those are escaped here: msgspec neither
writes nor reads them.
"""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

T = TypeVar("T")


def encode(value: object) -> bytes:
    """The JSON of a value of builtins, msgspec's structs and dataclasses, without line ends."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode("ascii")


def decode(data: bytes, kind: type[T]) -> T:
    """What `encode` has written; raises ValueError, RecursionError for what is none of that."""
    if b"\\ud" in data:
        return msgspec.convert(json.loads(data), type=kind, str_keys=True)
    return msgspec.json.decode(data, type=kind)
