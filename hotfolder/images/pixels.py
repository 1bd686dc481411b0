"""What a picture is, whatever file holds it: the hash of its pixels."""

from __future__ import annotations

import hashlib

from PIL import Image


def pixel_hash(image: Image.Image) -> str:
    """SHA-256 of the sides and the RGB bytes, 64 hex digits."""
    rgb = image.convert("RGB")
    digest = hashlib.sha256(f"{rgb.width}x{rgb.height}:RGB:".encode("ascii"))
    digest.update(rgb.tobytes())
    return digest.hexdigest()
