"""EXIF: the one text in it where other programs keep prompts."""

from __future__ import annotations

import struct

_CODES = {b"ASCII\0\0\0": "ascii", b"JIS\0\0\0\0\0": "iso2022_jp"}


def user_comment(exif: bytes | None) -> str | None:
    """The text of tag 0x9286 in a TIFF block, or None.

    A1111 writes it as UTF-16 in the block's byte order or, most often, always big-endian; which one
    it is shows in where the zero bytes of its Latin letters lie.
    """
    if not exif:
        return None
    import piexif

    try:
        tags = piexif.load(b"Exif\0\0" + exif)["Exif"]
    except (ValueError, KeyError, IndexError, struct.error, TypeError):
        return None  # garbage: piexif checks little before it unpacks
    raw = tags.get(piexif.ExifIFD.UserComment)
    if not isinstance(raw, bytes) or len(raw) <= 8:
        return None
    code, text = raw[:8], raw[8:]
    if code == b"UNICODE\0":
        little = text[1::2].count(0) > text[0::2].count(0)
        return text.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
    return text.decode(_CODES.get(code, "utf-8"), "replace").strip("\0 ")
