"""AVIF, BMP, GIF, HEIC, JPEG XL and TIFF: pictures from elsewhere, read by Pillow, never written.

HEIC and JPEG XL need plug-ins of Pillow, which come with `hotfolder setup photos`: the one
brings a codec under patents and the GPL along, neither is needed by those who draw only.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from typing import TYPE_CHECKING

from hotfolder.errors import PictureError, PlugInMissingError
from hotfolder.images.metadata import COMMENT, Metadata, Room, Texts
from hotfolder.installation import remedy

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jxl", ".tif", ".tiff")
SHOWN = "AVIF, BMP, GIF, HEIC, JPEG XL, TIFF"
ROOM = Room(text=None, text_bytes=0, xmp_bytes=0, exif_bytes=0, side_px=65_535, area_px=50_000_000)
_MAX_TEXT = 2**20
_XMP_OF_TIFF, _DESCRIPTION_OF_TIFF = 700, 270

# How a format begins, what Pillow calls it, and the plug-in that reads it.
_BEGINS = (
    (re.compile(rb"....ftyp(?:avif|avis)", re.DOTALL), "AVIF", ""),
    (re.compile(rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL), "HEIF", "pillow_heif"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", re.DOTALL), "JXL", "pillow_jxl"),
    (re.compile(rb"GIF8[79]a"), "GIF", ""),
    (re.compile(rb"BM.{4}\0{4}", re.DOTALL), "BMP", ""),
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF", ""),
)
_PUBLIC = {"HEIF": "HEIC", "JXL": "JPEG XL"}


def recognises(data: bytes) -> bool:
    """Whether `data` begins like one of these."""
    return any(begin.match(data) for begin, _, _ in _BEGINS)


def complete(data: bytes) -> bool:
    """Whether the whole picture is there: it is decoded, for most of these have no mark of an end.

    What no plug-in is there for, or is too large, is as complete as it will ever be.
    """
    try:
        with opened(data) as image:
            if image.width * image.height <= ROOM.area_px:
                image.load()
    except PictureError as error:
        return "cut off" not in str(error)
    except Exception:
        return False
    return True


def read(data: bytes) -> Metadata:
    """What such a picture carries; raises PictureError."""
    with opened(data) as image:
        sides, info = image.size, image.info
        exif, xmp = info.get("exif"), info.get("xmp")
        texts: list[tuple[str, str]] = []
        tags = getattr(image, "tag_v2", {})
        if tags:
            xmp = tags.get(_XMP_OF_TIFF)
            texts.append(("Description", str(tags.get(_DESCRIPTION_OF_TIFF, ""))[:_MAX_TEXT]))
        comment = info.get("comment")
        if isinstance(comment, bytes):
            texts.append((COMMENT, comment[:_MAX_TEXT].decode("utf-8", "replace")))
    exif = exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else None
    found = tuple((keyword, text) for keyword, text in texts if text)
    return Metadata(*sides, found, xmp if isinstance(xmp, bytes) else None, exif)


def opened(data: bytes) -> Image:
    """The picture with its head read and its pixels not; raises PictureError."""
    from PIL import Image

    _, name, plug_in = next(begin for begin in _BEGINS if begin[0].match(data))
    public = _PUBLIC.get(name, name)
    if plug_in:
        try:
            module = importlib.import_module(plug_in)
        except ImportError:
            raise PlugInMissingError(
                f"{public} pictures are read after  {remedy('photos')}  (or save it as JPEG or PNG)"
            ) from None
        if name == "HEIF":
            module.register_heif_opener(thumbnails=False)
    try:
        return Image.open(io.BytesIO(data), formats=[name])
    except Exception as error:  # on damaged files Pillow's readers raise nearly anything
        raise PictureError(f"this {public} picture is damaged or cut off") from error


def splice(
    data: bytes, texts: Texts = (), xmp: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """Raises PictureError: nothing is written into these."""
    raise PictureError(f"nothing is written into pictures of these formats: {SHOWN}")


def bare(data: bytes) -> bytes:
    """The picture as it is: what it carries cannot be taken out. Raises PictureError."""
    return splice(data)


def turned(image: Image) -> Image:
    """The picture as its orientation says."""
    from PIL import ImageOps

    with contextlib.suppress(Exception):  # EXIF that is damaged turns nothing
        return ImageOps.exif_transpose(image)
    return image
