"""How a picture's pixels are put into a file: the container, and how much it may lose."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hotfolder.recipes import defaults

Format = Literal["png", "jpeg", "webp"]
Quality = Annotated[int, Meta(ge=1, le=100)]

JPEG_QUALITY = 92


class Encoding(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A format and its quality from 1 to 100; without a quality nothing is lost.

    PNG never loses anything and JPEG always does; WebP can be either: `encoding` sees to that.
    """

    format: Format = "png"
    quality: Quality | None = None

    def __post_init__(self) -> None:
        defaults.restore(self)  # a recipe with one of them has one id

    def __str__(self) -> str:
        name = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}[self.format]
        return name if self.quality is None else f"{name} of quality {self.quality}"

    @property
    def lossy(self) -> bool:
        """Whether the file's pixels are not quite those that were put into it."""
        return self.quality is not None

    @property
    def suffix(self) -> str:
        """The ending of a file's name, with the dot."""
        return {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}[self.format]


PNG = Encoding()


def encoding(format: Format, quality: Quality | None = None) -> Encoding:
    """The encoding that these settings mean. A quality means nothing to PNG; JPEG needs one."""
    if format == "png":
        return PNG
    if format == "jpeg" and quality is None:
        quality = JPEG_QUALITY
    return Encoding(format, quality)
