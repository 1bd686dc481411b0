"""A TIFF block laid out as its standard asks, which piexif does not: programs that check complain.

Entries stand in the order of their tags, values at even places, and every directory ends with the
place of the next one. Sources: TIFF 6.0, section 2; EXIF 2.32, 4.6.2.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_EXIF, _GPS, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_THUMBNAIL, _THUMBNAIL_BYTES = 0x0201, 0x0202
_LONG = 4
_HEAD = struct.pack(">2sHL", b"MM", 42, 8)


class _Entry(NamedTuple):
    tag: int
    kind: int
    number: int
    value: bytes


def laid_out(block: bytes) -> bytes:
    """A big-endian block of piexif's, with the same tags and values; struct.error for others."""
    image, after = _entries(block, 8)
    (second,) = struct.unpack_from(">L", block, after)
    below = {
        tag: _entries(block, _number(image, tag))[0] for tag in (_EXIF, _GPS) if _has(image, tag)
    }
    photo = below.get(_EXIF, [])
    between = (
        _entries(block, _number(photo, _INTEROPERABILITY))[0]
        if _has(photo, _INTEROPERABILITY)
        else None
    )
    at = 8 + _length(image)
    if _EXIF in below:
        image = _with(image, _EXIF, at)
        at += _length(photo)
        if between is not None:
            photo = _with(photo, _INTEROPERABILITY, at)
            at += _length(between)
    if _GPS in below:
        image = _with(image, _GPS, at)
        at += _length(below[_GPS])
    parts = [photo if _EXIF in below else None, between, below.get(_GPS)]
    small, picture = _second(block, second)
    written = [_HEAD, _directory(image, 8, at if small else 0)]
    place = 8 + _length(image)
    for part in parts:
        if part is not None:
            written.append(_directory(part, place))
            place += _length(part)
    if small:
        small = _with(small, _THUMBNAIL, place + _length(small)) if picture else small
        written += [_directory(small, place), picture]
    return b"".join(written)


def _second(block: bytes, at: int) -> tuple[list[_Entry], bytes]:
    """The second directory and its thumbnail; nothing where there is none."""
    if not at:
        return [], b""
    entries, _ = _entries(block, at)
    if not (_has(entries, _THUMBNAIL) and _has(entries, _THUMBNAIL_BYTES)):
        return entries, b""
    start = _number(entries, _THUMBNAIL)
    return entries, block[start : start + _number(entries, _THUMBNAIL_BYTES)]


def _entries(block: bytes, at: int) -> tuple[list[_Entry], int]:
    """The entries of a directory, and where it ends."""
    (count,) = struct.unpack_from(">H", block, at)
    end = at + 2 + 12 * count
    found = []
    for start in range(at + 2, end, 12):
        tag, kind, number = struct.unpack_from(">HHL", block, start)
        size = number * _SIZES.get(kind, 1)
        place = start + 8 if size <= 4 else struct.unpack_from(">L", block, start + 8)[0]
        if place + size > len(block):
            raise struct.error("a value lies outside")
        found.append(_Entry(tag, kind, number, block[place : place + size]))
    return sorted(found), end


def _directory(entries: list[_Entry], at: int, following: int = 0) -> bytes:
    """A directory that begins at `at`, with its values behind it."""
    head, values = [struct.pack(">H", len(entries))], list[bytes]()
    place = at + 2 + 12 * len(entries) + 4
    for entry in entries:
        head.append(struct.pack(">HHL", entry.tag, entry.kind, entry.number))
        if len(entry.value) <= 4:
            head.append(entry.value.ljust(4, b"\0"))
            continue
        head.append(struct.pack(">L", place))
        values.append(_even(entry.value))
        place += len(values[-1])
    return b"".join([*head, struct.pack(">L", following), *values])


def _length(entries: list[_Entry]) -> int:
    return len(_directory(entries, 0))


def _even(value: bytes) -> bytes:
    return value + b"\0" * (len(value) % 2)


def _has(entries: list[_Entry], tag: int) -> bool:
    return any(entry.tag == tag for entry in entries)


def _number(entries: list[_Entry], tag: int) -> int:
    """The number that a tag has, long or short."""
    entry = next(entry for entry in entries if entry.tag == tag)
    return int.from_bytes(entry.value, "big")


def _with(entries: list[_Entry], tag: int, number: int) -> list[_Entry]:
    """The same entries, this one with another number."""
    value = struct.pack(">L", number)
    return [_Entry(tag, _LONG, 1, value) if entry.tag == tag else entry for entry in entries]
