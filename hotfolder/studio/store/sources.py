"""Pictures that we did not make but made pictures from, kept once each by their pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.errors import PictureError
from hotfolder.images import pixels
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import of_rooms
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic

if TYPE_CHECKING:
    from PIL.Image import Image


def keep(studio: Studio, image: Image) -> str:
    """Keep a picture's pixels, if they are not kept yet; returns their hash."""
    sha256 = pixels.pixel_hash(image)
    name = atomic.relative(studio.root, _path(studio, sha256))
    if not beneath.is_file(studio.root, name):
        atomic.publish(studio.root, name, pixels.encode_png(image, {}))
    return sha256


def find(studio: Studio, sha256: str) -> Image | None:
    """The kept picture with these pixels; None if it is not here, or no longer what it was."""
    return _with_pixels(studio, _path(studio, sha256), sha256)


def search(studio: Studio, sha256: str) -> Image | None:
    """The kept picture with these pixels, or one that lies in `seeds/` or came to `inbox/`."""
    found = find(studio, sha256)
    for path in () if found else of_rooms(studio.seeds, studio.inbox):
        found = found or _with_pixels(studio, path, sha256)
    return found


def _with_pixels(studio: Studio, path: Path, sha256: str) -> Image | None:
    try:
        image = pixels.decode(read_file(path, below=studio.root))
    except (OSError, PictureError):
        return None
    return image if pixels.pixel_hash(image) == sha256 else None


def _path(studio: Studio, sha256: str) -> Path:
    return studio.sources / f"{sha256}.png"
