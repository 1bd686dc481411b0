"""Programs that people run over pictures, and how."""

from __future__ import annotations

import sys
from dataclasses import dataclass

ALL = (".png", ".jpg", ".webp")


@dataclass(frozen=True, slots=True)
class Program:
    """One way to run a program over a picture.

    `command` has the words <in> and <out>, or only <out> for a program that works in place on a copy;
    they may be parts of longer words. `takes` are the suffixes that it is run on; `gives` is the
    suffix of what it makes, if it is another. `keeps` says of a suffix that the pixels stay as
    they are.
    """

    name: str
    command: tuple[str, ...]
    takes: tuple[str, ...] = ALL
    gives: str = ""
    keeps: tuple[str, ...] = ()

    @property
    def tool(self) -> str:
        """The program's file."""
        return self.command[0]

    @property
    def in_place(self) -> bool:
        """Whether it changes a file instead of making another."""
        return not any("<in>" in word for word in self.command)


def _python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, "<in>", "<out>")


_PILLOW = "import sys; from PIL import Image; image = Image.open(sys.argv[1]); image.save("
_OXIPNG = "import sys, oxipng; oxipng.optimize(sys.argv[1], sys.argv[2], level=2"
_GIMP = (
    "(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE {i} {i})))"
    " (layer (car (gimp-image-get-active-layer image))))"
    " (gimp-file-save RUN-NONINTERACTIVE image layer {o} {o}) (gimp-quit 0))"
).format(i='"<in>"', o='"<out>"')

PROGRAMS = (
    Program("exiftool, five stars", ("exiftool", "-q", "-XMP-xmp:Rating=5", "<out>"), keeps=ALL),
    Program(
        "exiftool, other EXIF",
        ("exiftool", "-q", "-Artist=me", "-Copyright=me", "<out>"),
        keeps=ALL,
    ),
    Program("exiv2, five stars", ("exiv2", "-Mset Xmp.xmp.Rating 5", "<out>"), keeps=ALL),
    Program("exiv2, EXIF rating", ("exiv2", "-Mset Exif.Image.Rating 5", "<out>"), keeps=ALL),
    Program("ImageMagick convert", ("convert", "<in>", "<out>"), keeps=(".png",)),
    Program(
        "ImageMagick convert to PNG", ("convert", "<in>", "<out>"), (".jpg", ".webp"), ".png", ALL
    ),
    Program("ImageMagick convert to JPEG", ("convert", "<in>", "<out>"), (".png", ".webp"), ".jpg"),
    Program("ImageMagick convert to WebP", ("convert", "<in>", "<out>"), (".png", ".jpg"), ".webp"),
    Program("ImageMagick mogrify, smaller", ("mogrify", "-resize", "50%", "<out>")),
    Program("ImageMagick mogrify -strip", ("mogrify", "-strip", "<out>"), keeps=(".png",)),
    Program("GraphicsMagick convert", ("gm", "convert", "<in>", "<out>"), keeps=(".png",)),
    Program(
        "GraphicsMagick convert to PNG", ("gm", "convert", "<in>", "<out>"), (".jpg",), ".png", ALL
    ),
    Program(
        "GraphicsMagick convert to JPEG", ("gm", "convert", "<in>", "<out>"), (".png",), ".jpg"
    ),
    Program(
        "jpegtran", ("jpegtran", "-optimize", "-outfile", "<out>", "<in>"), (".jpg",), keeps=ALL
    ),
    Program(
        "jpegtran -copy all",
        ("jpegtran", "-copy", "all", "-progressive", "-outfile", "<out>", "<in>"),
        (".jpg",),
        keeps=ALL,
    ),
    Program(
        "jpegtran -copy none",
        ("jpegtran", "-copy", "none", "-outfile", "<out>", "<in>"),
        (".jpg",),
        keeps=ALL,
    ),
    Program(
        "jpegtran, turned",
        ("jpegtran", "-copy", "all", "-rotate", "90", "-outfile", "<out>", "<in>"),
        (".jpg",),
    ),
    Program("optipng", ("optipng", "-quiet", "-o1", "<out>"), (".png",), keeps=ALL),
    Program(
        "optipng -strip all",
        ("optipng", "-quiet", "-o1", "-strip", "all", "<out>"),
        (".png",),
        keeps=ALL,
    ),
    Program("oxipng", _python(f"{_OXIPNG})"), (".png",), keeps=ALL),
    Program(
        "oxipng --strip safe",
        _python(f"{_OXIPNG}, strip=oxipng.StripChunks.safe())"),
        (".png",),
        keeps=ALL,
    ),
    Program("pngcrush", ("pngcrush", "-q", "<in>", "<out>"), (".png",), keeps=ALL),
    Program("pngquant", ("pngquant", "--force", "-o", "<out>", "<in>"), (".png",)),
    Program("zopflipng", ("zopflipng", "-q", "-m", "<in>", "<out>"), (".png",), keeps=ALL),
    Program("cwebp", ("cwebp", "-quiet", "<in>", "-o", "<out>"), (".png", ".jpg"), ".webp"),
    Program(
        "cwebp -metadata all",
        ("cwebp", "-quiet", "-metadata", "all", "<in>", "-o", "<out>"),
        (".png", ".jpg"),
        ".webp",
    ),
    Program(
        "cwebp -lossless",
        ("cwebp", "-quiet", "-lossless", "<in>", "-o", "<out>"),
        (".png", ".jpg"),
        ".webp",
        ALL,
    ),
    Program("dwebp", ("dwebp", "-quiet", "<in>", "-o", "<out>"), (".webp",), ".png", ALL),
    Program("vips copy", ("vips", "copy", "<in>", "<out>"), keeps=(".png",)),
    Program("vips copy to PNG", ("vips", "copy", "<in>", "<out>"), (".jpg", ".webp"), ".png", ALL),
    Program("vips copy to JPEG", ("vips", "copy", "<in>", "<out>"), (".png", ".webp"), ".jpg"),
    Program("vips thumbnail", ("vips", "thumbnail", "<in>", "<out>", "64")),
    Program("GIMP, exported", ("gimp", "-ns", "-i", "-b", _GIMP), keeps=(".png",)),
    Program("Pillow, plain save", _python(f"{_PILLOW}sys.argv[2])"), keeps=(".png",)),
    Program(
        "Pillow, save with EXIF",
        _python(f"{_PILLOW}sys.argv[2], exif=image.getexif())"),
        keeps=(".png",),
    ),
    Program(
        "a messenger: smaller, stripped",
        ("convert", "<in>", "-resize", "50%", "-quality", "75", "-strip", "<out>"),
        gives=".jpg",
    ),
)
