"""PNG: chunks of length, type, payload and CRC. Source: PNG specification, third edition."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct

from hotfolder.errors import PictureError
from hotfolder.images.metadata import Metadata, Room, Texts

SUFFIXES = (".png",)
SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_CHUNKS = 65_536  # libpng cuts IDAT into 8 KiB: that is half a gigabyte
MAX_TEXT_BYTES = 2**20  # of one entry, decompressed; longer ones are passed over
MAX_ALL_TEXT_BYTES = 16 * 2**20
ROOM = Room(
    text="hotfolder",
    text_bytes=MAX_TEXT_BYTES,
    xmp_bytes=MAX_TEXT_BYTES,
    exif_bytes=MAX_TEXT_BYTES,
    side_px=2**31 - 1,
    area_px=34_000_000,
)

_LEAST_ROOM = 2**12  # that a text counts for at least: so there are some thousand at most

_XMP = "XML:com.adobe.xmp"
_OF_PIXELS = frozenset(b"IHDR PLTE tRNS IDAT IEND cHRM cICP gAMA pHYs sBIT sRGB".split())
_LONGEST_KEYWORD = 79
_CREDENTIALS = b"caBX"  # C2PA's
_HEAD = Struct(">I4s")
_SIDES = Struct(">II")


def recognises(data: bytes) -> bool:
    """Whether `data` begins like a PNG."""
    return data.startswith(SIGNATURE)


def complete(data: bytes) -> bool:
    """Whether the last chunk, IEND, is there."""
    try:
        return any(kind == b"IEND" for kind, _, _ in _chunks(data))
    except PictureError:
        return False


def read(data: bytes) -> Metadata:
    """What a PNG carries, before its pixels and after; raises PictureError.

    Payloads of IDAT are passed over unseen. As in libpng, an ancillary chunk whose CRC is wrong
    counts as not there; so does a text that is too long or cannot be unpacked, and whatever is
    more than any picture carries. XMP and EXIF are also found where ImageMagick and exiv2 0.27
    put them.
    """
    width, height = _sides(data)
    texts: list[tuple[str, str]] = []
    profiles: dict[str, bytes] = {}
    room = MAX_ALL_TEXT_BYTES
    for kind, start, end in _chunks(data):
        if kind in _TEXT_KINDS and room > 0 and _sound(data, start, end):
            keyword, payload, encoding = _TEXT_KINDS[kind](data[start:end])
            if payload is None:
                room -= MAX_TEXT_BYTES  # it may have cost as much to find that out
                continue
            room -= len(payload) + _LEAST_ROOM
            profile = _profile(keyword, payload)
            if profile is not None:
                profiles.setdefault(*profile)
            else:
                texts.append((keyword, _decoded(payload, encoding)))
        elif kind == b"eXIf" and _sound(data, start, end):
            profiles.setdefault("exif", data[start:end])
    exif = profiles.get("exif")
    exif = exif.removeprefix(b"Exif\0\0") if exif else None
    return Metadata(width, height, tuple(texts), profiles.get("xmp"), exif)


def splice(
    data: bytes, texts: Texts = (), xmp: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """The same PNG, its pixels untouched, with these before them, in the place of what it had.

    Texts take the place of all texts of their keywords; ASCII becomes tEXt, which every reader
    understands alike, the rest iTXt. What is not given stays as it is, but for content credentials:
    they hold for the bytes that they were made for, and no others.
    """
    new = [_text_chunk(keyword, text) for keyword, text in texts]
    replaced = {keyword for keyword, _ in texts}
    if xmp is not None:
        new.append(_chunk(b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + xmp))
        replaced |= {_XMP, "Raw profile type xmp"}
    if exif is not None:
        new.append(_chunk(b"eXIf", exif))
        replaced |= {"Raw profile type exif", "Raw profile type APP1"}
    pieces: list[bytes | memoryview] = [SIGNATURE]
    view = memoryview(data)
    for kind, start, end in _chunks(data):
        if kind in (b"IDAT", b"IEND"):
            pieces += new
            new = []
        if (kind == b"eXIf" and exif is not None) or kind == _CREDENTIALS:
            continue
        if kind in _TEXT_KINDS and _keyword(data, start, end) in replaced:
            continue
        pieces.append(view[start - 8 : end + 4])
    return b"".join(pieces)


def bare(data: bytes) -> bytes:
    """The same PNG with its first picture and numbers about its colours, and nothing else.

    A colour profile has names and texts in it, and further frames are other pictures.
    """
    view = memoryview(data)
    kept = [view[start - 8 : end + 4] for kind, start, end in _chunks(data) if kind in _OF_PIXELS]
    return b"".join([SIGNATURE, *kept])


def without_texts(data: bytes) -> bytes:
    """The same PNG with its first picture and all that says what its colours are."""
    view = memoryview(data)
    kinds = _OF_PIXELS | {b"iCCP"}
    kept = [view[start - 8 : end + 4] for kind, start, end in _chunks(data) if kind in kinds]
    return b"".join([SIGNATURE, *kept])


def with_xmp(data: bytes, packet: str) -> bytes:
    """The same PNG with this XMP packet in the place of any it had."""
    return splice(data, xmp=packet.encode("utf-8"))


def _text_chunk(keyword: str, text: str) -> bytes:
    name = keyword.encode("latin-1")
    if text.isascii():
        return _chunk(b"tEXt", name + b"\0" + text.encode("ascii"))
    return _chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))


def _chunk(kind: bytes, payload: bytes) -> bytes:
    crc = zlib.crc32(kind + payload)
    return _HEAD.pack(len(payload), kind) + payload + crc.to_bytes(4, "big")


def _sides(data: bytes) -> tuple[int, int]:
    kind, start, end = next(_chunks(data))
    if kind != b"IHDR" or end - start != 13 or not _sound(data, start, end):
        raise PictureError("the picture's header is damaged")
    width, height = _SIDES.unpack_from(data, start)
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise PictureError("the picture's header is damaged")
    return width, height


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of each payload up to and with IEND."""
    position, size = len(SIGNATURE), len(data)
    for _ in range(MAX_CHUNKS):
        if position + 12 > size:
            raise PictureError("the picture is cut off")
        length, kind = _HEAD.unpack_from(data, position)
        if not kind.isalpha():
            raise PictureError("the picture is damaged: a chunk without a type")
        start, end = position + 8, position + 8 + length
        if end + 4 > size:
            raise PictureError("the picture is cut off")
        yield kind, start, end
        if kind == b"IEND":
            return
        position = end + 4
    raise PictureError(f"the picture has more than {MAX_CHUNKS:,} chunks")


def _sound(data: bytes, start: int, end: int) -> bool:
    crc = zlib.crc32(memoryview(data)[start - 4 : end])
    return crc == int.from_bytes(data[end : end + 4], "big")


_Entry = tuple[str, bytes | None, str]  # keyword, text (None if it cannot be used), encoding


def _text(payload: bytes) -> _Entry:
    keyword, _, text = payload.partition(b"\0")
    return keyword.decode("latin-1"), _limited(text), "latin-1"


def _decoded(payload: bytes, encoding: str) -> str:
    """A text; many programs put UTF-8 where the specification wants Latin-1."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode(encoding, "replace")


def _compressed_text(payload: bytes) -> _Entry:
    keyword, _, rest = payload.partition(b"\0")
    return keyword.decode("latin-1"), _inflated(rest[1:]), "latin-1"


def _international_text(payload: bytes) -> _Entry:
    keyword, _, rest = payload.partition(b"\0")
    fields = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    text = _inflated(fields[-1]) if rest[:1] == b"\1" else _limited(fields[-1])
    return keyword.decode("latin-1"), text, "utf-8"


_TEXT_KINDS = {b"tEXt": _text, b"zTXt": _compressed_text, b"iTXt": _international_text}


def _inflated(compressed: bytes) -> bytes | None:
    """The decompressed text; never more than the limit in memory, never more work than that."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(compressed, MAX_TEXT_BYTES + 1)
    except zlib.error:
        return None
    return _limited(text) if inflater.eof else None


def _limited(text: bytes) -> bytes | None:
    return text if len(text) <= MAX_TEXT_BYTES else None


def _keyword(data: bytes, start: int, end: int) -> str:
    """The keyword of a text chunk's payload."""
    return (
        data[start : min(end, start + _LONGEST_KEYWORD + 1)].partition(b"\0")[0].decode("latin-1")
    )


def _profile(keyword: str, payload: bytes) -> tuple[str, bytes] | None:
    """("xmp" or "exif", bytes) of a text that holds one of these."""
    if keyword == _XMP:
        return "xmp", payload
    name = keyword.removeprefix("Raw profile type ")
    if name == keyword or name not in ("exif", "APP1", "xmp"):
        return None
    kind, length, *rest = [*payload.split(None, 2), b"", b""]
    if kind not in (b"exif", b"APP1", b"xmp") or not length.isdigit():
        return None
    try:
        profile = bytes.fromhex(rest[0].decode("ascii"))
    except ValueError:
        return None
    return ("xmp" if name == "xmp" else "exif"), profile
