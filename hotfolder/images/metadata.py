"""What a picture carries beside its pixels: size, texts, XMP, EXIF."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hotfolder import images
from hotfolder.errors import PictureError
from hotfolder.modules import modules_of
from hotfolder.recipes.encoding import Format

COMMENT = "Comment"  # the keyword of a JPEG's comments, which have none

Texts = Sequence[tuple[str, str]]  # keyword and text


@dataclass(frozen=True, slots=True)
class Metadata:
    """Everything in a picture's file that is no pixel; sides are in px as they are stored.

    `texts` are (keyword, text) in the order of the file; those of a JPEG have the keyword COMMENT.
    `xmp` is the packet as it stands there, `exif` the TIFF block from its byte order mark on.
    """

    width: int
    height: int
    texts: tuple[tuple[str, str], ...] = ()
    xmp: bytes | None = None
    exif: bytes | None = None

    def text(self, keyword: str) -> str | None:
        """The first text under `keyword`."""
        return next((text for key, text in self.texts if key == keyword), None)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a container takes: the keyword for our text (None: no texts), bytes and px.

    A picture of `area_px` is decoded in 500 MB, whatever is in it: libraries differ.
    """

    text: str | None
    text_bytes: int
    xmp_bytes: int
    exif_bytes: int
    side_px: int
    area_px: int


def read(data: bytes) -> Metadata:
    """What the picture `data` carries; decodes no pixels, and copies none.

    Raises PictureError if it is not a picture of a known container, damaged or cut off.
    """
    return _container(data).read(data)  # type: ignore[no-any-return]


def complete(data: bytes) -> bool:
    """Whether `data` is a picture with its end in place: not one that is still being copied."""
    try:
        return bool(_container(data).complete(data))
    except PictureError:
        return False


def splice(
    data: bytes, texts: Texts = (), xmp: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """The same picture, its pixels untouched, carrying these in the place of what it had.

    Texts take the place of all texts of their keywords; what is not given stays. A JPEG takes
    texts of the keyword COMMENT alone, a WebP none. `room` says how long XMP and EXIF may be.
    """
    return _container(data).splice(data, texts, xmp, exif)  # type: ignore[no-any-return]


def format_of(data: bytes) -> Format:
    """The format of a picture, by its content; raises PictureError for any other."""
    return _container(data).__name__.rpartition(".")[2]  # type: ignore[no-any-return]


def room(data: bytes) -> Room:
    """How much a picture's container takes."""
    return _container(data).ROOM  # type: ignore[no-any-return]


def room_of(format: Format) -> Room:
    """How much the container of this format takes."""
    return importlib.import_module(f"{images.__name__}.{format}").ROOM  # type: ignore[no-any-return]


def bare(data: bytes) -> bytes:
    """The same picture, its pixels untouched, without anything but them and their colours."""
    return _container(data).bare(data)  # type: ignore[no-any-return]


@cache
def suffixes() -> frozenset[str]:
    """The endings of the containers' file names, lower case, with the dot."""
    return frozenset(suffix for container in _containers() for suffix in container.SUFFIXES)


def _container(data: bytes) -> Any:
    for container in _containers():
        if container.recognises(data):
            return container
    names = (getattr(one, "SHOWN", one.__name__.rpartition(".")[2]) for one in _containers())
    known = ", ".join(sorted(names, key=lambda name: (not name.islower(), name)))
    raise PictureError(f"this picture format is not supported; supported are {known}")


@cache
def _containers() -> tuple[Any, ...]:
    modules = modules_of(images).values()
    return tuple(module for module in modules if hasattr(module, "recognises"))
