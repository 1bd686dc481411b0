"""WebP: a RIFF file of chunks. Source: RFC 9649."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from hotfolder.errors import PictureError
from hotfolder.images.carried import Carried

SUFFIXES = (".webp",)

MAX_CHUNKS = 65_536

_HEAD = Struct("<4sI")


def recognises(data: bytes) -> bool:
    """Whether `data` begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def complete(data: bytes) -> bool:
    """Whether as many bytes are there as the file's head says."""
    return len(data) >= 12 and len(data) >= 8 + int.from_bytes(data[4:8], "little")


def read(data: bytes) -> Carried:
    """What a WebP carries; raises PictureError."""
    if not complete(data):
        raise PictureError("the picture is cut off")
    sides: tuple[int, int] | None = None
    xmp: bytes | None = None
    exif: bytes | None = None
    for kind, start, end in _chunks(data):
        if sides is None and kind in _SIDES:
            sides = _SIDES[kind](data[start : min(end, start + 16)])
        elif kind == b"XMP " and xmp is None:
            xmp = data[start:end]
        elif kind == b"EXIF" and exif is None:
            exif = data[start:end].removeprefix(b"Exif\0\0")
    if sides is None:
        raise PictureError("the picture's header is damaged")
    return Carried(*sides, (), xmp, exif)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of each payload."""
    position, size = 12, 8 + int.from_bytes(data[4:8], "little")
    for _ in range(MAX_CHUNKS):
        if position + 8 > size:
            return
        kind, length = _HEAD.unpack_from(data, position)
        start, end = position + 8, position + 8 + length
        if end > size:
            raise PictureError("the picture is damaged: a chunk is longer than the file")
        yield kind, start, end
        position = end + length % 2
    raise PictureError(f"the picture has more than {MAX_CHUNKS:,} chunks")


def _extended(head: bytes) -> tuple[int, int] | None:
    if len(head) < 10:
        return None
    return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")


def _lossless(head: bytes) -> tuple[int, int] | None:
    if len(head) < 5 or head[0] != 0x2F:
        return None
    bits = int.from_bytes(head[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _lossy(head: bytes) -> tuple[int, int] | None:
    if len(head) < 10 or head[3:6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(head[6:8], "little") & 0x3FFF
    height = int.from_bytes(head[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None


_SIDES = {b"VP8X": _extended, b"VP8L": _lossless, b"VP8 ": _lossy}
