"""Texts in the lowest bits of a picture's alpha, as NovelAI and a plug-in of A1111's write them.

A signature of 15 letters, 32 bits for the number of bits that follow, and those: UTF-8, packed by
gzip after the signature that ends in "comp". The bits go down each column, the left one first.
"""

from __future__ import annotations

import io
import json
import zlib
from typing import TYPE_CHECKING

from hotfolder.images import png, webp
from hotfolder.images.metadata import Metadata

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MAX_TEXT_BYTES = 2**20
_PLAIN, _PACKED = b"stealth_pnginfo", b"stealth_pngcomp"
_HEAD_BITS = 8 * 15
_GZIP = 16 + zlib.MAX_WBITS


def texts(data: bytes) -> tuple[tuple[str, str], ...]:
    """(keyword, text) of what is hidden in a PNG or WebP; nothing for a picture without alpha.

    `data` was decoded before: it is a sound picture, and not too large.
    """
    from PIL import Image as images

    if png.recognises(data):
        data = png.bare(data)
    elif not webp.recognises(data):
        return ()
    with images.open(io.BytesIO(data), formats=("PNG", "WEBP")) as image:
        if image.mode != "RGBA":
            return ()
        text = _hidden(_alpha(image))
    return () if text is None else _entries(text)


def seen_in(contents: Metadata, hidden: tuple[tuple[str, str], ...]) -> Metadata:
    """What a picture carries, with its hidden texts in the place of its own."""
    return Metadata(contents.width, contents.height, hidden, contents.xmp, contents.exif)


def _alpha(image: Image) -> NDArray[np.uint8]:
    import numpy as np

    return np.asarray(image.getchannel("A"), dtype=np.uint8)


def _hidden(alpha: NDArray[np.uint8]) -> str | None:
    """The text in the lowest bits of an alpha channel, uint8, (height, width)."""
    head = _bytes(alpha, 0, _HEAD_BITS + 32)
    signature, length = head[:15], int.from_bytes(head[15:19], "big")
    if signature not in (_PLAIN, _PACKED) or length > 8 * MAX_TEXT_BYTES:
        return None
    body = _bytes(alpha, _HEAD_BITS + 32, length)
    if len(body) < length // 8:
        return None
    if signature == _PACKED:
        try:
            body = zlib.decompressobj(_GZIP).decompress(body, MAX_TEXT_BYTES)
        except zlib.error:
            return None
    return body.decode("utf-8", "replace")


def _bytes(alpha: NDArray[np.uint8], start: int, bits: int) -> bytes:
    """`bits` from the bit `start` on, column after column; fewer where the picture ends."""
    import numpy as np

    height = alpha.shape[0]
    first, last = start // height, -(-(start + bits) // height)
    columns = (alpha[:, first:last] & 1).T.reshape(-1)
    return np.packbits(columns[start - first * height :][:bits]).tobytes()


def _entries(text: str) -> tuple[tuple[str, str], ...]:
    """NovelAI hides the texts of its PNG as one object, others A1111's text."""
    try:
        said = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return (("parameters", text),)
    return tuple((key, value) for key, value in said.items() if isinstance(value, str))
