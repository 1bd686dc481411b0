"""Pictures of 24x16 px that carry what other programs write."""

from __future__ import annotations

import io
import json
from typing import Any

import piexif
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hotfolder.images import metadata
from hotfolder.images.foreign import readers
from hotfolder.images.generation_params import GenerationParams

IMAGE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")


def png(**texts: Any) -> bytes:
    """A PNG with these texts; what is no text is written as JSON."""
    info = PngInfo()
    for keyword, value in texts.items():
        text = value if isinstance(value, str) else json.dumps(value)
        info.add_itxt(keyword.replace("_", "-") if keyword == "sd_metadata" else keyword, text)
    buffer = io.BytesIO()
    IMAGE.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def with_exif(kind: str, comment: str = "", model: str = "") -> bytes:
    """A JPEG or WebP with a UserComment as A1111 writes it, and the camera's model."""
    tags: dict[str, Any] = {"0th": {}, "Exif": {}}
    if comment:
        tags["Exif"][piexif.ExifIFD.UserComment] = b"UNICODE\0" + comment.encode("utf-16-be")
    if model:
        tags["0th"][piexif.ImageIFD.Model] = model.encode()
    buffer = io.BytesIO()
    IMAGE.save(buffer, kind, exif=piexif.dump(tags))
    return buffer.getvalue()


def params(picture: bytes) -> GenerationParams | None:
    """What the readers, asked together, find in a picture."""
    return readers.read(metadata.read(picture))
