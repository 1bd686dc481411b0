"""JPEG: segments of marker, length and payload, then the scans. Source: ITU-T T.81, annex B."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from hotfolder.errors import PictureError
from hotfolder.images.metadata import COMMENT, Metadata, Room, Texts

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")
SIGNATURE = b"\xff\xd8\xff"

MAX_SEGMENTS = 10_000
MAX_TEXTS = 64  # of at most 64 KiB each: 4 MiB in all

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_TIFF = (b"MM\0*", b"II*\0")  # ImageMagick leaves EXIF's head out when it converts a WebP
_LONGEST = 0xFFFF - 2  # of a payload
ROOM = Room(
    text=COMMENT,
    text_bytes=_LONGEST,
    xmp_bytes=_LONGEST - len(_XMP),
    exif_bytes=_LONGEST - len(_EXIF),
    side_px=65_500,
    area_px=50_000_000,
)

_APP1, _COM, _SOS, _END = 0xE1, 0xFE, 0xDA, b"\xff\xd9"
_CREDENTIALS = 0xEB  # APP11; with "JP" it has boxes of JUMBF
_APP0, _ICC, _ADOBE = 0xE0, b"ICC_PROFILE\0", b"Adobe"
_APPLICATIONS = range(0xE0, 0xF0)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


def recognises(data: bytes) -> bool:
    """Whether `data` begins like a JPEG."""
    return data.startswith(SIGNATURE)


def complete(data: bytes) -> bool:
    """Whether an end marker follows the scans (EXIF may hold a whole small JPEG before them)."""
    try:
        return any(
            marker == _SOS and data.rfind(_END, end) >= 0 for marker, _, end in _segments(data)
        )
    except PictureError:
        return False


def read(data: bytes) -> Metadata:
    """What a JPEG carries before its first scan; raises PictureError."""
    sides: tuple[int, int] | None = None
    texts: list[tuple[str, str]] = []
    xmp: bytes | None = None
    exif: bytes | None = None
    for marker, start, end in _segments(data):
        if marker in _FRAMES:
            sides = _sides(data[start:end])
        elif marker == _COM and len(texts) < MAX_TEXTS:
            texts.append((COMMENT, _decoded(data[start:end].rstrip(b"\0"))))
        elif marker == _APP1 and exif is None and data.startswith(_EXIF, start, end):
            exif = data[start + len(_EXIF) : end]
        elif marker == _APP1 and exif is None and data.startswith(_TIFF, start, end):
            exif = data[start:end]
        elif marker == _APP1 and xmp is None and data.startswith(_XMP, start, end):
            xmp = data[start + len(_XMP) : end]
        elif marker == _SOS and data.rfind(_END, end) < 0:
            raise PictureError("the picture is cut off")
    if sides is None:
        raise PictureError("the picture's header is damaged")
    return Metadata(*sides, tuple(texts), xmp, exif)


def scans(data: bytes) -> int:
    """How many scans the picture has; a video or another picture behind its end is not counted."""
    count, position = 0, 2
    for marker, _, end in _segments(data):
        if marker == _SOS:
            count, position = 1, end
    while match := _MARKER.search(data, position):
        marker, position = data[match.start() + 1], match.end()
        if marker == _END[1]:
            break
        count += marker == _SOS
        position += max(0, int.from_bytes(data[position : position + 2], "big"))
    return count


def splice(
    data: bytes, texts: Texts = (), xmp: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """The same JPEG, its scans untouched, with these at its head, in the place of what it had.

    `texts` are the comments of the picture; if there are any, it keeps none of its own. Content
    credentials go: they hold for the bytes that they were made for, and no others.
    """
    new = []
    if exif is not None:
        new.append(_segment(_APP1, _EXIF + exif))
    if xmp is not None:
        new.append(_segment(_APP1, _XMP + xmp))
    new += [_segment(_COM, text.encode("utf-8", "replace")) for _, text in texts]

    def replaced(marker: int, start: int, end: int) -> bool:
        if marker == _APP1 and data.startswith((_EXIF, *_TIFF), start, end):
            return exif is not None
        if marker == _APP1 and data.startswith(_XMP, start, end):
            return xmp is not None
        if marker == _CREDENTIALS:
            return data.startswith(b"JP", start, end)
        return marker == _COM and bool(texts)

    return _rebuilt(data, new, replaced)


def bare(data: bytes) -> bytes:
    """The same JPEG with its scans, what these need, and nothing else.

    Thumbnails go, colour profiles (which have names and texts in them), and what lies behind the
    end. Raises PictureError for one that does not end.
    """
    view, kept = memoryview(data), [memoryview(data)[:2]]
    position = 2
    while True:
        for marker, start, end in _segments(data, position):
            if marker == _APP0 and data.startswith(b"JFIF\0", start, end) and end - start >= 14:
                kept.append(memoryview(_segment(marker, data[start : start + 12] + b"\0\0")))
            elif marker == _APP0 + 14 and data.startswith(_ADOBE, start, end):
                kept.append(memoryview(_segment(marker, data[start : start + 12])))
            elif marker not in _APPLICATIONS and marker != _COM:
                kept.append(view[start - 4 : end])
            position = end
        found = _MARKER.search(data, position)
        if found is None:
            raise PictureError("the picture is cut off")
        kept.append(view[position : found.start()])
        if found[0] == _END:
            return b"".join([*kept, _END])
        position = found.start()


def _rebuilt(data: bytes, new: list[bytes], left_out: Callable[[int, int, int], bool]) -> bytes:
    """The JPEG without some of its segments, and with new ones after the JFIF head, if any."""
    view = memoryview(data)
    kept: list[memoryview] = []
    head, position = b"", 2
    for marker, start, end in _segments(data):
        if marker == _APP0 and not head and not kept:
            head = bytes(view[position:end])
        elif not left_out(marker, start, end):
            kept.append(view[position:end])
        position = end
    return b"".join([data[:2], head, *new, *kept, view[position:]])


def _segment(marker: int, payload: bytes) -> bytes:
    if len(payload) > _LONGEST:
        raise ValueError(f"a segment of {len(payload):,} bytes; expected at most {_LONGEST:,}")
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def _segments(data: bytes, position: int = 2) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each payload up to and with the next start of scan."""
    size = len(data)
    for _ in range(MAX_SEGMENTS):
        if position + 4 > size:
            raise PictureError("the picture is cut off")
        if data[position] != 0xFF:
            raise PictureError("the picture is damaged: a segment without a marker")
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        start = position + 4
        end = position + 2 + int.from_bytes(data[position + 2 : start], "big")
        if end < start:
            raise PictureError("the picture is damaged: a segment without a length")
        if end > size:
            raise PictureError("the picture is cut off")
        yield marker, start, end
        if marker == _SOS:
            return
        position = end
    raise PictureError(f"the picture has more than {MAX_SEGMENTS:,} segments")


def _sides(frame: bytes) -> tuple[int, int]:
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if not (width and height):
        raise PictureError("the picture's header is damaged")
    return width, height


def _decoded(comment: bytes) -> str:
    """Text of no declared encoding: UTF-8 where it is that."""
    try:
        return comment.decode("utf-8")
    except UnicodeDecodeError:
        return comment.decode("latin-1")
