"""Pixels: decoded as a person sees them, hashed, and encoded without loss."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import metadata, pixels
from hotfolder.recipes.encoding import encoding
from tests import samples
from tests.samples import chunk, segment


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of `image` in a container, by Pillow's own writer."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_the_hash_is_what_its_docstring_says() -> None:
    """Sides, mode and raw bytes; other sides of the same bytes are another picture."""
    image = Image.frombytes("RGB", (2, 1), b"\1\2\3\4\5\6")
    expected = hashlib.sha256(b"2x1:RGB:\1\2\3\4\5\6").hexdigest()
    assert pixels.pixel_hash(image) == expected
    assert pixels.pixel_hash(Image.frombytes("RGB", (1, 2), b"\1\2\3\4\5\6")) != expected


def test_only_rgb_has_a_hash() -> None:
    """A hash over another mode's bytes would never be met again."""
    with pytest.raises(ValueError, match="mode RGB, got RGBA"):
        pixels.pixel_hash(Image.new("RGBA", (2, 2)))


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.binary(min_size=1, max_size=64))
def test_encoding_loses_nothing(width: int, height: int, pattern: bytes) -> None:
    """Pixels come back bit by bit."""
    raw = (pattern * (width * height * 3))[: width * height * 3]
    image = Image.frombytes("RGB", (width, height), raw)
    assert pixels.decode(pixels.encode_png(image, {})).tobytes() == raw


def test_texts_lie_before_the_pixels_in_the_plainest_chunk() -> None:
    """ASCII is tEXt, so that every reader gets it; all else is iTXt in UTF-8."""
    texts = {"hotfolder": "{}\nplain", "parameters": "été 狐 🦊"}
    data = pixels.encode_png(Image.new("RGB", (8, 8)), texts)
    assert data.index(b"tEXthotfolder") < data.index(b"iTXtparameters") < data.index(b"IDAT")
    assert dict(metadata.read(data).texts) == texts


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png_becomes_rgb(mode: str) -> None:
    """Greys, palettes and alpha all come out as the colours they show."""
    image = pixels.decode(saved(Image.new("RGB", (8, 8), "white").convert(mode), "PNG"))
    assert (image.mode, image.getpixel((3, 3))) == ("RGB", (255, 255, 255))


def test_sixteen_bits_become_eight() -> None:
    """Half of 65,535 is a middle grey, not white."""
    image = pixels.decode(saved(Image.new("I;16", (8, 8), 32_768), "PNG"))
    assert image.getpixel((0, 0)) == (128, 128, 128)


def test_alpha_lies_over_white() -> None:
    """What is transparent shows white, half-red shows pink; also in palettes and WebP."""
    half = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
    for data in (saved(half, "PNG"), saved(half, "WEBP", lossless=True)):
        assert pixels.decode(data).getpixel((0, 0)) == (255, 127, 127)
    clear = saved(Image.new("P", (8, 8), 0), "PNG", transparency=0)
    assert pixels.decode(clear).getpixel((0, 0)) == (255, 255, 255)


def test_cmyk_becomes_rgb() -> None:
    """A JPEG for print has its colours, not their negative."""
    data = saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")
    red, green, blue = pixels.decode(data).getpixel((4, 4))
    assert red > 200 and green < 60 and blue < 60


def test_a_camera_held_upright_is_upright() -> None:
    """EXIF orientation turns a picture of any format, as viewers do."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.new("RGB", (24, 16))
    assert pixels.decode(saved(lying, "JPEG", exif=exif)).size == (16, 24)
    assert pixels.decode(saved(lying, "PNG", exif=exif)).size == (16, 24)


@pytest.mark.parametrize("side", [5_831, 2**31 - 1])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    """More pixels than any picture here has are not decoded."""
    whole = samples.png()
    head = chunk(b"IHDR", side.to_bytes(4, "big") * 2 + whole[24:29])
    with pytest.raises(PictureError, match=f"{side}x{side} is more than 34,000,000 pixels"):
        pixels.decode(whole[:8] + head + whole[33:])


LARGEST = """
import io, sys
from PIL import Image
from hotfolder.images import metadata, pixels

kind, mode, options = sys.argv[1], sys.argv[2], eval(sys.argv[3])
side = int(metadata.room_of(kind).area_px ** 0.5)
if sys.argv[4:] == ["make"]:
    image = Image.new("L", (side, side), 99).convert(mode)
    image.save(sys.stdout.buffer, kind, **options)
else:
    image = pixels.decode(sys.stdin.buffer.read())
    assert image.size == (side, side)
    pixels.pixel_hash(image)
    # Not ru_maxrss, which a new process takes over from the one that started it.
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(int(status["VmHWM"].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other ways")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("png", "RGBA", {"compress_level": 1}),
        ("png", "I;16", {"compress_level": 1}),
        ("jpeg", "CMYK", {"quality": 90}),
        ("webp", "RGB", {"lossless": True, "quality": 0, "method": 0}),
    ],
)
def test_the_largest_picture_takes_less_than_500_MB(
    kind: str, mode: str, options: dict[str, object]
) -> None:
    """As many pixels as are read, decoded and hashed in a process of its own."""
    command = [sys.executable, "-c", LARGEST, kind, mode, repr(options)]
    data = subprocess.run([*command, "make"], check=True, capture_output=True).stdout
    taken = subprocess.run(command, check=True, capture_output=True, input=data).stdout
    assert int(taken) < 500


def test_a_second_header_cannot_smuggle_a_bomb_in() -> None:
    """The sides that the decoder finds are checked as well."""
    whole = samples.png()
    bomb = chunk(b"IHDR", (9_000).to_bytes(4, "big") * 2 + whole[24:29])
    with pytest.raises(PictureError, match="9000x9000 is more than"):
        pixels.decode(whole[:33] + bomb + whole[33:])


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    """Every scan costs as much as the whole picture, and takes but a few bytes."""
    whole = samples.drawn("JPEG")
    with pytest.raises(PictureError, match="more than 100 scans"):
        pixels.decode(whole[:-2] + segment(0xDA, bytes(6)) * 100 + whole[-2:])


def test_nothing_but_pixels_goes_on() -> None:
    """A colour profile or comment of a decoded picture does not slip into the next file."""
    data = saved(Image.new("RGB", (8, 8)), "JPEG", icc_profile=b"profile", comment=b"private")
    again = pixels.encode_png(pixels.decode(data), {})
    assert b"iCCP" not in again and metadata.read(again).texts == ()


@pytest.mark.parametrize("name", samples.PICTURES)
def test_decodes_every_sample(name: str) -> None:
    """Pictures of real programs are decoded, also around a bomb of text."""
    data = samples.sample(name)
    image, head = pixels.decode(data), metadata.read(data)
    assert (image.mode, image.size) == ("RGB", (head.width, head.height))


def test_broken_pixels_are_an_error_in_words() -> None:
    """A sound file around damaged pixel data is refused with a sentence."""
    whole = samples.png()
    at = whole.index(b"IDAT") + 8
    with pytest.raises(PictureError, match="pixels cannot be read"):
        pixels.decode(whole[:at] + b"\xff\xff" + whole[at + 2 :])


def test_noise_as_a_large_jpeg() -> None:
    """A picture that hardly compresses is written like any other."""
    noise = np.random.default_rng(7).integers(0, 256, (700, 900, 3), np.uint8)
    data = pixels.encode(Image.fromarray(noise), encoding("jpeg", 100))
    assert pixels.decode(data).size == (900, 700)
