"""WebP: a RIFF file of chunks. Source: RFC 9649."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from hotfolder.errors import PictureError
from hotfolder.images.metadata import Metadata, Room, Texts

SUFFIXES = (".webp",)

MAX_CHUNKS = 65_536
ROOM = Room(
    text=None,
    text_bytes=0,
    xmp_bytes=2**20,
    exif_bytes=2**21,
    side_px=16_383,
    area_px=18_000_000,
)

_OF_PIXELS = frozenset({b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"})
_CREDENTIALS = b"C2PA"
_HEAD = Struct("<4sI")
_HAS_ICC, _HAS_ALPHA, _HAS_EXIF, _HAS_XMP = 0x20, 0x10, 0x08, 0x04


def recognises(data: bytes) -> bool:
    """Whether `data` begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def complete(data: bytes) -> bool:
    """Whether as many bytes are there as the file's head says."""
    return len(data) >= 12 and len(data) >= 8 + int.from_bytes(data[4:8], "little")


def read(data: bytes) -> Metadata:
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
    return Metadata(*sides, (), xmp, exif)


def splice(
    data: bytes, texts: Texts = (), xmp: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """The same WebP, its pixels untouched, with these at its end, in the place of what it had.

    Content credentials go: they hold for the bytes that they were made for, and no others.
    """
    if texts:
        raise ValueError("a WebP holds no texts")
    head, chunks = _extended_form(data)
    given = {b"EXIF": exif, b"XMP ": xmp}
    kept = [
        (kind, payload)
        for kind, payload in chunks
        if given.get(kind) is None and kind != _CREDENTIALS
    ]
    new = [(kind, payload) for kind, payload in given.items() if payload is not None]
    return _riff(head, [*kept, *new])


def bare(data: bytes) -> bytes:
    """The same WebP with its pixels and nothing else, not even a profile of their colours."""
    head, chunks = _extended_form(data)
    return _riff(head, [(kind, payload) for kind, payload in chunks if kind in _OF_PIXELS])


_Payload = bytes | bytearray | memoryview
_Chunk = tuple[bytes, _Payload]


def _extended_form(data: bytes) -> tuple[bytearray, list[_Chunk]]:
    """The payload of a VP8X chunk for this picture, and its other chunks."""
    picture = read(data)
    view = memoryview(data)
    chunks: list[_Chunk] = [(kind, view[start:end]) for kind, start, end in _chunks(data)]
    for kind, payload in chunks:
        if kind == b"VP8X":
            return bytearray(payload), [chunk for chunk in chunks if chunk[0] != b"VP8X"]
    alpha = any(kind == b"VP8L" and payload[4] & 0x10 for kind, payload in chunks)
    sides = [(side - 1).to_bytes(3, "little") for side in (picture.width, picture.height)]
    return bytearray([_HAS_ALPHA if alpha else 0, 0, 0, 0]) + b"".join(sides), chunks


def _riff(head: bytearray, chunks: list[_Chunk]) -> bytes:
    """A WebP of these chunks; the flags of its head say which are there."""
    kinds = {kind for kind, _ in chunks}
    for flag, kind in ((_HAS_EXIF, b"EXIF"), (_HAS_XMP, b"XMP "), (_HAS_ICC, b"ICCP")):
        head[0] = head[0] | flag if kind in kinds else head[0] & ~flag
    body: list[_Payload] = [b"WEBP"]
    for kind, payload in [(b"VP8X", head), *chunks]:
        body += [_HEAD.pack(kind, len(payload)), payload, b"\0" * (len(payload) % 2)]
    size = sum(map(len, body))
    return b"".join([_HEAD.pack(b"RIFF", size), *body])


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
