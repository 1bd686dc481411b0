"""EXIF: the few texts in it where other programs keep prompts, and where we keep ours.

Source: EXIF 2.32. A1111 and all that read its pictures look into UserComment. Our own text lies in
HostComputer, on which and how a picture was made: of the texts that are any length and that every
validator knows it is the one which other programs leave alone. Where that is taken, and in pictures
of earlier versions, it lies in ImageHistory (TIFF/EP).
"""

from __future__ import annotations

import codecs
import struct
from contextlib import suppress
from typing import Any

from hotfolder.images.exif_layout import laid_out

MODEL, MAKE, DESCRIPTION = 0x0110, 0x010F, 0x010E  # of camera and picture, in the first directory
_UNICODE, _JIS = b"UNICODE\0", b"JIS\0\0\0\0\0"
_CODES = (_UNICODE, _JIS, b"ASCII\0\0\0", bytes(8))
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_USER_COMMENT = 0x9286
_ORIENTATION = 0x0112
_SOFTWARE, _HOST, _HISTORY = 0x0131, 0x013C, 0x9213
_BEGIN = "{"  # of our text, and of no computer's name
# What a JPEG has to have: of a picture without a camera, in the words of the standard.
_OF_JPEG: dict[str, dict[int, Any]] = {
    "0th": {0x011A: (72, 1), 0x011B: (72, 1), 0x0128: 2, 0x0213: 1},
    "Exif": {0x9000: b"0232", 0x9101: b"\1\2\3\0", 0xA000: b"0100", 0xA001: 1},
}
_WIDTH, _HEIGHT = 0xA002, 0xA003
_POINTERS = (0x8769, 0x8825, 0xA005)  # tags whose value is where another directory begins
_VALUE_BYTES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # by TIFF's kind; else 1
_MOST_DIRECTORIES = 8
_HEAD = b"Exif\0\0"
_GARBAGE = (ValueError, KeyError, IndexError, struct.error, TypeError)  # piexif checks little


def user_comment(exif: bytes | None) -> str | None:
    """The text of tag 0x9286 in a TIFF block, or None.

    Eight bytes say its encoding and are often wrong. A byte order mark decides; then zero bytes,
    which UTF-16 has for Latin letters: A1111 writes it in the block's byte order or, most often,
    always big-endian, and where they lie shows which. Without any it is UTF-8, or else Latin.
    """
    raw = _tags(exif).get("Exif", {}).get(_USER_COMMENT)
    if not isinstance(raw, bytes):
        return None
    code = raw[:8].upper()
    text = raw[8:] if code in _CODES else raw
    return _decoded(text, code).strip("\0 ") if text else None


def _decoded(text: bytes, code: bytes) -> str:
    for mark, encoding in _MARKS:
        if text.startswith(mark):
            return text[len(mark) :].decode(encoding, "replace")
    body = text.rstrip(b"\0")
    if zeros := body.count(0):
        little = body[1::2].count(0) * 2 > zeros
        return text.decode("utf-16-le" if little else "utf-16-be", "replace")
    attempts = ["iso2022_jp"] if code == _JIS else []
    for encoding in (*attempts, "utf-8"):
        with suppress(UnicodeDecodeError):
            return body.decode(encoding)
    return text.decode("utf-16-be" if code == _UNICODE else "latin-1", "replace")


def ascii_text(exif: bytes | None, tag: int) -> str | None:
    """The text of a tag of a TIFF block's first directory, or None; UTF-8, as many write it."""
    raw = _tags(exif).get("0th", {}).get(tag)
    return raw.rstrip(b"\0").decode("utf-8", "replace") if isinstance(raw, bytes) else None


def orientation(exif: bytes | None) -> int:
    """How a camera was held, 1 (upright) to 8."""
    value = _tags(exif).get("0th", {}).get(_ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def document(exif: bytes | None) -> str | None:
    """Our text in a TIFF block, or None."""
    texts = (ascii_text(exif, tag) for tag in (_HOST, _HISTORY))
    return next((text for text in texts if text and text.startswith(_BEGIN)), None)


def block(
    software: str,
    comment: str,
    document: str,
    old: bytes | None = None,
    sides: tuple[int, int] | None = None,
) -> bytes | None:
    """A TIFF block with these texts, and all else that the block `old` has; empty ones are not in.

    It is big-endian with UTF-16BE: CivitAI, exiv2 and exiftool then agree. A software that is named
    already stays. For a JPEG, its `sides` in px, it has what the standard asks for. Characters
    beyond 16 bits become U+FFFD: exiv2 stumbles over them. None if `old` has something that cannot
    be written again.
    """
    import piexif

    tags = _tags(old)
    if old and not tags:
        return None
    image, photo = tags.setdefault("0th", {}), tags.setdefault("Exif", {})
    image.setdefault(_SOFTWARE, software.encode("ascii", "replace"))
    if document:
        host = image.get(_HOST, b"")
        image.pop(_HISTORY, None)
        is_free = not host or host.startswith(_BEGIN.encode())
        image[_HOST if is_free else _HISTORY] = document.encode("ascii")
    if sides:
        wanted = _OF_JPEG["Exif"] | dict(zip((_WIDTH, _HEIGHT), sides, strict=True))
        for directory, needed in ((image, _OF_JPEG["0th"]), (photo, wanted)):
            for tag, value in needed.items():
                directory.setdefault(tag, value)
    if comment:
        narrow = "".join(c if c <= "\uffff" else "\ufffd" for c in comment)
        photo[_USER_COMMENT] = b"UNICODE\0" + narrow.encode("utf-16-be", "replace")
    try:
        dumped: bytes = piexif.dump(tags)
        return laid_out(dumped.removeprefix(_HEAD))
    except _GARBAGE:
        return None  # what piexif reads it cannot always write


def _tags(exif: bytes | None) -> dict[str, Any]:
    if not exif or not _is_sound(exif):
        return {}
    import piexif

    try:
        return piexif.load(_HEAD + exif)  # type: ignore[no-any-return]
    except _GARBAGE:
        return {}


def _is_sound(exif: bytes) -> bool:
    """Whether the values of a TIFF block are together no longer than it could hold.

    piexif believes every count: six kilobytes can make it ask for gigabytes.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return False
    try:
        return _claimed_bytes(exif, order) <= 2 * len(exif)
    except struct.error:
        return False


def _claimed_bytes(exif: bytes, order: str) -> int:
    """How long all values of all directories say they are; struct.error where one lies outside."""
    claimed = 0
    seen: set[int] = set()
    ahead = [(struct.unpack_from(order + "L", exif, 4)[0], True)]
    while ahead:
        start, is_first = ahead.pop()
        (entries,) = struct.unpack_from(order + "H", exif, start)
        end = start + 2 + 12 * entries
        if start in seen or len(seen) >= _MOST_DIRECTORIES or end > len(exif):
            raise struct.error("the directories lie outside, or lead in a circle")
        seen.add(start)
        for tag, kind, count, value in struct.iter_unpack(order + "HHLL", exif[start + 2 : end]):
            claimed += count * _VALUE_BYTES.get(kind, 1)
            if tag in _POINTERS:
                ahead.append((value, False))
        if is_first and end + 4 <= len(exif):  # the second directory is that of the thumbnail
            (second,) = struct.unpack_from(order + "L", exif, end)
            ahead += [(second, False)] if second else []
    return claimed
