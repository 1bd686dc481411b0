"""Pixels: decode, hash, encode. Images are PIL images of mode RGB: uint8, sRGB.

PIL is imported when it is first needed, so that listing this package's modules stays cheap.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hotfolder.errors import PictureError
from hotfolder.images import colours, exif, jpeg, metadata, photo, png
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.encoding import PNG, Encoding

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")
TROUBLE = "trouble"
_BAND_PX = 64
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # EXIF's orientations as Pillow's transposes
MAX_SCANS = 100  # each of a JPEG's scans goes over all pixels again; encoders write about ten


def decode(data: bytes, contents: Metadata | None = None) -> Image:
    """The picture as RGB, as a person sees it; raises PictureError with a sentence.

    Alpha lies over white, a camera's orientation is applied, 16 bits become 8, of an animation the
    first picture is taken, colours become sRGB where a colour profile says others: `TROUBLE` in its
    `info` is a sentence if that cannot be. No bomb is decoded: the header is read before all else,
    unless `contents` are what `metadata.read` said of this very file.
    """
    from PIL import Image

    head, most_px = contents or metadata.read(data), metadata.room(data).area_px
    _check_area(head.width, head.height, most_px)
    if png.recognises(data):
        data = png.without_texts(data)  # a long text would keep Pillow from the pixels
    try:
        if photo.recognises(data):
            image = photo.opened(data)
        else:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check_area(*image.size, most_px)
        if image.format in ("JPEG", "MPO") and jpeg.scans(data) > MAX_SCANS:
            raise PictureError(f"the picture has more than {MAX_SCANS} scans")
        profile = image.info.get("icc_profile")
        image.load()
        image = _turned(image, head.exif)
        if image.mode in ("CMYK", "L"):
            image, trouble = colours.to_srgb(image, profile)
            image = _rgb(image)
        else:
            image, trouble = colours.to_srgb(_rgb(image), profile)
    except PictureError:
        raise
    except Exception as error:  # on damaged files Pillow's readers raise nearly anything
        raise PictureError(f"the picture's pixels cannot be read: {error}") from error
    image.info = {TROUBLE: trouble} if trouble else {}  # or Pillow would write some of it
    return image


def _turned(image: Image, block: bytes | None) -> Image:
    """The picture as its orientation says; that of a PNG or WebP stands in its EXIF block."""
    from PIL import ImageOps
    from PIL.Image import Transpose

    if image.format in ("JPEG", "MPO"):
        return ImageOps.exif_transpose(image)
    if image.format not in FORMATS:
        return photo.turned(image)
    how = _TURNS.get(exif.orientation(block))
    return image if how is None else image.transpose(Transpose(how))


def from_rgb(sides: tuple[int, int], rgb: bytes) -> Image:
    """The picture with these sides (width, height) and pixels, as `pixel_hash` describes them."""
    from PIL.Image import frombytes

    return frombytes("RGB", sides, rgb)


def pixel_hash(image: Image) -> str:
    """SHA-256 over b"WIDTHxHEIGHT:RGB:" and the raw pixels, 64 hex digits.

    The pixels are three bytes each, R, G, B, row after row from the top, without padding.
    """
    if image.mode != "RGB":
        raise ValueError(f"expected an image of mode RGB, got {image.mode}")
    digest = hashlib.sha256(f"{image.width}x{image.height}:RGB:".encode("ascii"))
    for top in range(0, image.height, _BAND_PX):  # a whole copy would be three bytes a pixel
        bottom = min(image.height, top + _BAND_PX)
        digest.update(image.crop((0, top, image.width, bottom)).tobytes())
    return digest.hexdigest()


def encode(image: Image, encoding: Encoding = PNG) -> bytes:
    """The file of `image`, without any metadata; what its settings leave open is fixed here.

    The same image, encoding and versions of `encoders` give the same bytes.
    """
    require_room(*image.size, encoding)
    settings: dict[str, object] = {}
    if encoding.format == "png":
        # Run-length matching: as fast as zlib's level 1, at most 25 % larger than level 6 on flat
        # paintings and about as small on all others; the level does not matter to it.
        settings = {"compress_type": zlib.Z_RLE}
    elif encoding.format == "jpeg":
        # Colours at full resolution: finals are made from this, and what decoders make of
        # fewer colours is up to them.
        settings = {"quality": encoding.quality, "subsampling": "4:4:4", "optimize": True}
        _reserve(3 * image.width * image.height)
    elif encoding.lossy:
        settings = {"quality": encoding.quality, "method": 4}
    else:
        settings = {"lossless": True, "quality": 50, "method": 2}
    buffer = io.BytesIO()
    image.save(buffer, encoding.format, **settings)
    return buffer.getvalue()


def _reserve(size: int) -> None:
    """Let Pillow write so many bytes in one go.

    An optimised JPEG has to fit; Pillow reserves a byte for each pixel, and noise takes two.
    """
    from PIL import ImageFile

    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, size)


def shown(image: Image, encoding: Encoding) -> Image:
    """What is seen of `image` once it lies in a file of this encoding."""
    return decode(encode(image, encoding)) if encoding.lossy else image


def encoders(*encodings: Encoding | None) -> dict[str, str]:
    """Names and versions of the libraries that decide what lossy encodings make of pixels."""
    from PIL import features

    formats = {encoding.format for encoding in encodings if encoding and encoding.lossy}
    versions = {}
    if "webp" in formats:
        versions["libwebp"] = features.version("webp")
    if "jpeg" in formats:
        turbo = features.version("libjpeg_turbo")
        versions["libjpeg-turbo" if turbo else "libjpeg"] = turbo or features.version("jpg")
    return {name: str(version) for name, version in versions.items()}


def encode_png(image: Image, texts: Mapping[str, str]) -> bytes:
    """The PNG of `image` with `texts` (keyword to text) before its pixels."""
    return metadata.splice(encode(image), list(texts.items()))


def require_room(width: int, height: int, encoding: Encoding) -> None:
    """Raises PictureError if a picture of these sides could not be written, or not read again."""
    room = metadata.room_of(encoding.format)
    if max(width, height) > room.side_px:
        says = f"{width}x{height} is too large for {encoding}"
        raise PictureError(f"{says}, whose sides have at most {room.side_px:,} pixels")
    if width * height > room.area_px:
        says = f"{width}x{height} as {encoding} is more than can be read again"
        raise PictureError(f"{says}: at most {room.area_px:,} pixels")


def _check_area(width: int, height: int, most_px: int) -> None:
    if width * height > most_px:
        raise PictureError(f"{width}x{height} is more than {most_px:,} pixels")


def _rgb(image: Image) -> Image:
    from PIL.Image import new

    if image.mode.startswith("I"):  # 16-bit greys; a plain conversion would clip them to white
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        over = image if image.mode == "RGBA" else image.convert("RGBA")
        white = new("RGB", image.size, "white")
        white.paste(over, mask=over)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")
