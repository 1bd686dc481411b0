"""The sample pictures in tests/data, and pictures built chunk by chunk."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

from PIL import Image

DATA = Path(__file__).parent / "data"
PICTURES = sorted(
    path.relative_to(DATA).as_posix()
    for path in DATA.rglob("*")
    if path.suffix in (".png", ".jpg", ".webp") and "public" not in path.parts
)

XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXIF = b"Exif\0\0"


def sample(name: str) -> bytes:
    """The bytes of a sample, by its path below tests/data."""
    return (DATA / name).read_bytes()


def drawn(kind: str, mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> bytes:
    """A small picture without any metadata; `kind` is PNG, JPEG or WEBP."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def chunk(kind: bytes, payload: bytes) -> bytes:
    """A PNG chunk with its length and CRC."""
    crc = zlib.crc32(kind + payload)
    return len(payload).to_bytes(4, "big") + kind + payload + crc.to_bytes(4, "big")


def png(*before: bytes, after: bytes = b"") -> bytes:
    """A PNG of 24x16 px with whole chunks before and after its pixels."""
    bare = drawn("PNG")
    return bare[:33] + b"".join(before) + bare[33:-12] + after + bare[-12:]


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG segment with its length."""
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def jpeg(*segments: bytes) -> bytes:
    """A JPEG of 24x16 px with whole segments at its head."""
    bare = drawn("JPEG")
    return bare[:2] + b"".join(segments) + bare[2:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these (type, payload)."""
    body = b"WEBP"
    for kind, payload in chunks:
        body += kind + len(payload).to_bytes(4, "little") + payload + b"\0" * (len(payload) % 2)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of 24x16 px with chunks after its pixels."""
    bare = drawn("WEBP")
    head = bytes([0x0C, 0, 0, 0, 23, 0, 0, 15, 0, 0])
    length = int.from_bytes(bare[16:20], "little")
    return riff((b"VP8X", head), (bare[12:16], bare[20 : 20 + length]), *chunks)


def with_xmp(kind: str, packet: bytes) -> bytes:
    """A picture of 24x16 px with an XMP packet; `kind` is PNG, JPEG or WEBP."""
    if kind == "PNG":
        return png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
    return jpeg(segment(0xE1, XMP + packet)) if kind == "JPEG" else webp((b"XMP ", packet))
