"""Pictures of cameras and scanners: formats, orientation, colours, what is behind their end."""

from __future__ import annotations

import io
import random
from importlib.util import find_spec
from typing import Any

import piexif
import pytest
from PIL import Image, ImageCms, features

from hotfolder.errors import PictureError
from hotfolder.images import exif, metadata, photo
from hotfolder.images.pixels import TROUBLE, decode, pixel_hash
from hotfolder.recipes.settings import Limits
from hotfolder.studio.identity import identify
from hotfolder.studio.scan.limits import check_picture
from tests import samples

LEFT, RIGHT = (200, 40, 30), (30, 60, 200)
ORIENTED = piexif.dump({"0th": {0x0112: 6}})


def two_fields(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A red half and a blue half."""
    image = Image.new("RGB", size, LEFT)
    image.paste(RIGHT, (size[0] // 2, 0, *size))
    return image


def saved(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """A picture in a format of Pillow's; it is skipped where the plug-in is not installed."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "JXL":
        pytest.importorskip("pillow_jxl")
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    buffer = io.BytesIO()
    (image or two_fields()).save(buffer, kind, **options)
    return buffer.getvalue()


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    pixel = image.getpixel(place)
    return all(abs(a - b) <= 12 for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", ["AVIF", "BMP", "GIF", "HEIF", "JXL", "TIFF"])
def test_a_format_is_read(kind: str) -> None:
    """Whatever its name ends in; its end is missed, and nothing is written into it."""
    data = saved(kind)
    assert metadata.read(data).width == 96
    assert metadata.complete(data)
    assert not metadata.complete(data[: len(data) // 3])
    image = decode(data)
    assert (image.size, image.mode) == ((96, 64), "RGB")
    assert near(image, (5, 5), LEFT)
    assert near(image, (90, 60), RIGHT)
    with pytest.raises(PictureError):
        metadata.splice(data, xmp=b"<x/>")
    with pytest.raises(PictureError):
        decode(data[: len(data) // 3])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_orientation(kind: str) -> None:
    """A picture lies as its camera was held, in every format."""
    image = decode(saved(kind, exif=ORIENTED))
    assert image.size == (64, 96)
    assert near(image, (30, 5), LEFT)
    assert near(image, (30, 90), RIGHT)


@pytest.mark.parametrize("value", [*range(0, 10), 0xFFFF])
def test_every_orientation_in_a_png(value: int) -> None:
    """As Pillow turns JPEGs; values that mean nothing turn nothing."""
    block = piexif.dump({"0th": {0x0112: value}})
    turned = decode(saved("PNG", exif=block))
    as_jpeg = decode(saved("JPEG", exif=block, quality=100, subsampling=0))
    assert turned.size == as_jpeg.size
    assert near(turned, (2, 2), as_jpeg.getpixel((2, 2)))
    assert exif.orientation(b"MM") == 1


def test_colours_become_srgb() -> None:
    """A picture in Display P3 is drawn from as a viewer shows it."""
    image = decode(samples.sample("public/p22-display-p3.png"))
    assert near(image, (0, 0), (251, 0, 0))
    assert near(image, (95, 0), (0, 204, 41)) or image.getpixel((95, 0))[1] > 195
    assert image.getpixel((0, 0)) != (230, 40, 30)


def test_a_profile_of_srgb_changes_no_pixel() -> None:
    """A program that adds one to a picture of ours has not edited it."""
    plain = two_fields()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert pixel_hash(decode(saved("PNG", icc_profile=profile))) == pixel_hash(plain)


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200])
def test_a_damaged_profile_is_told(profile: bytes) -> None:
    """The colours are taken for sRGB, and the picture says so."""
    data = saved("PNG", icc_profile=profile)
    assert decode(data).info == {TROUBLE: identify(data).note}
    assert "colour profile is damaged" in identify(data).note
    assert pixel_hash(decode(data)) == pixel_hash(two_fields())


def test_a_video_behind_the_end_of_a_jpeg() -> None:
    """A phone's motion photo is its still picture."""
    still = saved("JPEG", quality=92)
    film = random.Random(1).randbytes(8_000_000)
    motion = still + b"MotionPhoto_Data\0\0\0\x18ftypmp42" + film
    assert pixel_hash(decode(motion)) == pixel_hash(decode(still))
    assert metadata.complete(motion)


@pytest.mark.parametrize(
    ("size", "wrong"), [((17000, 40), True), ((8, 8), True), ((1, 1), True), ((2000, 20), False)]
)
def test_sizes_out_of_range(size: tuple[int, int], wrong: bool) -> None:
    """A sentence says which sides a picture may have."""
    data = saved("PNG", Image.new("RGB", size))
    if wrong:
        with pytest.raises(PictureError, match="sides from 16 to 16,384 pixels"):
            check_picture(data, Limits())
    else:
        check_picture(data, Limits())


def test_a_missing_plug_in_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install, or what to save it as."""
    monkeypatch.setattr(
        photo.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError)
    )
    with pytest.raises(PictureError, match="HEIC pictures are read after  hotfolder setup photos"):
        metadata.read(b"\0\0\0\x18ftypheic" + b"\0" * 40)


@pytest.mark.parametrize("name", ["p19.gif", "p20.tiff", "p21-avif-named.png", "p16-png-named.jpg"])
def test_the_content_counts_not_the_name(name: str) -> None:
    """People and programs name files as they like."""
    assert decode(samples.sample(f"public/{name}")).size == (96, 64)


@pytest.mark.parametrize(
    "begin", [b"II*\0", b"GIF89a", b"BM1234\0\0\0\0", b"....ftypavif", b"\xff\n"]
)
def test_rubbish_behind_a_good_begin(begin: bytes) -> None:
    """A sentence, and nothing else is raised."""
    for length in (0, 10, 1000):
        data = begin + random.Random(length).randbytes(length)
        with pytest.raises(PictureError):
            decode(data)
        unread = begin == b"\xff\n" and find_spec("pillow_jxl") is None
        assert unread or not metadata.complete(data)
