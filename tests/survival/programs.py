"""Programs that people run over pictures, and how."""

from __future__ import annotations

import sys
from dataclasses import dataclass

ALL = PNG, JPEG, WEBP = ".png", ".jpg", ".webp"


@dataclass(frozen=True, slots=True)
class Program:
    """One way to run a program over a picture.

    `command` has the words <in> and <out>, or only <out> for a program that works in place on a
    copy; they may be parts of longer words. `takes` are the suffixes that it is run on; `gives` is
    the suffix of what it makes, if it is another. `keeps` are those of which it keeps the pixels.
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


_EXIFTOOL = ("exiftool", "-q", "-overwrite_original")
_CONVERT, _GM = ("convert", "<in>", "<out>"), ("gm", "convert", "<in>", "<out>")
_JPEGTRAN, _TO = ("jpegtran", "-copy"), ("-outfile", "<out>", "<in>")
_OPTIPNG = ("optipng", "-quiet", "-o1")
_OXIPNG = "import sys, oxipng; oxipng.optimize(sys.argv[1], sys.argv[2], level=2"
_CWEBP, _IN_OUT = ("cwebp", "-quiet"), ("<in>", "-o", "<out>")
_VIPS = ("vips", "copy", "<in>", "<out>")
_SCRIPT = (
    '(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "<in>" "<in>")))'
    " (layer (car (gimp-image-get-active-layer image))))"
    ' (gimp-file-save RUN-NONINTERACTIVE image layer "<out>" "<out>") (gimp-quit 0))'
)
_GIMP = ("gimp", "-ns", "-i", "-b", _SCRIPT)
_PILLOW = "import sys; from PIL import Image; image = Image.open(sys.argv[1]); image.save("
_PLAIN, _WITH_EXIF = f"{_PILLOW}sys.argv[2])", f"{_PILLOW}sys.argv[2], exif=image.getexif())"
_MESSENGER = ("convert", "<in>", "-resize", "50%", "-quality", "75", "-strip", "<out>")

PROGRAMS = (
    Program("exiftool, five stars", (*_EXIFTOOL, "-XMP-xmp:Rating=5", "<out>"), keeps=ALL),
    Program("exiftool, an artist", (*_EXIFTOOL, "-Artist=me", "<out>"), keeps=ALL),
    Program("exiv2, five stars", ("exiv2", "-Mset Xmp.xmp.Rating 5", "<out>"), keeps=ALL),
    Program("exiv2, EXIF rating", ("exiv2", "-Mset Exif.Image.Rating 5", "<out>"), keeps=ALL),
    Program("ImageMagick convert", _CONVERT, keeps=(PNG,)),
    Program("ImageMagick convert to PNG", _CONVERT, (JPEG, WEBP), PNG, keeps=ALL),
    Program("ImageMagick convert to JPEG", _CONVERT, (PNG, WEBP), JPEG),
    Program("ImageMagick convert to WebP", _CONVERT, (PNG, JPEG), WEBP),
    Program("ImageMagick mogrify -resize", ("mogrify", "-resize", "50%", "<out>")),
    Program("ImageMagick mogrify -strip", ("mogrify", "-strip", "<out>"), keeps=(PNG,)),
    Program("GraphicsMagick convert", _GM, keeps=(PNG,)),
    Program("GraphicsMagick convert to PNG", _GM, (JPEG,), PNG, keeps=ALL),
    Program("GraphicsMagick convert to JPEG", _GM, (PNG,), JPEG),
    Program("jpegtran", ("jpegtran", "-optimize", *_TO), (JPEG,), keeps=ALL),
    Program("jpegtran -copy all", (*_JPEGTRAN, "all", *_TO), (JPEG,), keeps=ALL),
    Program("jpegtran -copy none", (*_JPEGTRAN, "none", *_TO), (JPEG,), keeps=ALL),
    Program("jpegtran -rotate", (*_JPEGTRAN, "all", "-rotate", "90", *_TO), (JPEG,)),
    Program("optipng", (*_OPTIPNG, "<out>"), (PNG,), keeps=ALL),
    Program("optipng -strip all", (*_OPTIPNG, "-strip", "all", "<out>"), (PNG,), keeps=ALL),
    Program("oxipng", _python(f"{_OXIPNG})"), (PNG,), keeps=ALL),
    Program(
        "oxipng --strip safe",
        _python(f"{_OXIPNG}, strip=oxipng.StripChunks.safe())"),
        (PNG,),
        keeps=ALL,
    ),
    Program("pngcrush", ("pngcrush", "-q", "<in>", "<out>"), (PNG,), keeps=ALL),
    Program("pngquant", ("pngquant", "--force", "-o", "<out>", "<in>"), (PNG,)),
    Program("zopflipng", ("zopflipng", "-q", "-m", "<in>", "<out>"), (PNG,), keeps=ALL),
    Program("cwebp", (*_CWEBP, *_IN_OUT), (PNG, JPEG), WEBP),
    Program("cwebp -metadata all", (*_CWEBP, "-metadata", "all", *_IN_OUT), (PNG, JPEG), WEBP),
    Program("cwebp -lossless", (*_CWEBP, "-lossless", *_IN_OUT), (PNG, JPEG), WEBP, keeps=ALL),
    Program("dwebp", ("dwebp", "-quiet", *_IN_OUT), (WEBP,), PNG, keeps=ALL),
    Program("vips copy", _VIPS, keeps=(PNG,)),
    Program("vips copy to PNG", _VIPS, (JPEG, WEBP), PNG, keeps=ALL),
    Program("vips copy to JPEG", _VIPS, (PNG, WEBP), JPEG),
    Program("vips thumbnail", ("vips", "thumbnail", "<in>", "<out>", "64")),
    Program("GIMP, exported", _GIMP, keeps=(PNG,)),
    Program("GIMP, exported as JPEG", _GIMP, (PNG, WEBP), JPEG),
    Program("Pillow, plain save", _python(_PLAIN), keeps=(PNG,)),
    Program("Pillow, plain save as JPEG", _python(_PLAIN), (PNG, WEBP), JPEG),
    Program("Pillow, save with EXIF", _python(_WITH_EXIF), keeps=(PNG,)),
    Program("a messenger: smaller, stripped", _MESSENGER, gives=JPEG),
)
