"""EXIF: the few texts in it where other programs keep prompts."""

from __future__ import annotations

import struct
from typing import Any

MODEL = 0x0110  # of the camera, in the first directory
_CODES = {b"ASCII\0\0\0": "ascii", b"JIS\0\0\0\0\0": "iso2022_jp"}
_USER_COMMENT = 0x9286


def user_comment(exif: bytes | None) -> str | None:
    """The text of tag 0x9286 in a TIFF block, or None.

    A1111 writes it as UTF-16 in the block's byte order or, most often, always big-endian; which one
    it is shows in where the zero bytes of its Latin letters lie.
    """
    raw = _tags(exif).get("Exif", {}).get(_USER_COMMENT)
    if not isinstance(raw, bytes) or len(raw) <= 8:
        return None
    code, text = raw[:8], raw[8:]
    if code == b"UNICODE\0":
        little = text[1::2].count(0) > text[0::2].count(0)
        return text.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
    return text.decode(_CODES.get(code, "utf-8"), "replace").strip("\0 ")


def ascii_text(exif: bytes | None, tag: int) -> str | None:
    """The text of a tag of a TIFF block's first directory, or None; UTF-8, as many write it."""
    raw = _tags(exif).get("0th", {}).get(tag)
    return raw.rstrip(b"\0").decode("utf-8", "replace") if isinstance(raw, bytes) else None


def _tags(exif: bytes | None) -> dict[str, Any]:
    if not exif:
        return {}
    import piexif

    try:
        return piexif.load(b"Exif\0\0" + exif)  # type: ignore[no-any-return]
    except (ValueError, KeyError, IndexError, struct.error, TypeError):
        return {}  # garbage: piexif checks little before it unpacks
