"""A picture's file -> its thumbnail and what there is to know of it. For worker processes."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hotfolder.errors import PictureError, reason
from hotfolder.images import metadata, pixels, recipe_text
from hotfolder.images.foreign import readers
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.recipe import Recipe, picked
from hotfolder.recipes.values import values
from hotfolder.stars import detectors
from hotfolder.stars.mark import DraftFile, together
from hotfolder.studio import entries
from hotfolder.studio.reading import MAX_PICTURE_BYTES, read_file

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE_PX = 384
"""The longer side of a thumbnail; a smaller picture keeps its size."""

VERSION = 1
"""Of what a portrait says; portraits of another version are made again."""

_QUALITY = 84
_HASHED_PX = 32


class Facts(Struct, frozen=True, omit_defaults=True):
    """What a picture's file says, as far as a grid and its filters need it.

    `hash` is a perceptual hash of 64 bits: pictures that look alike differ in few of them. `stars`
    go from -1 to 5 and are those in the file itself. `source` is the id of the recipe that the
    picture was made from. `values` are (name, value) of what its prompt's wildcards became.
    """

    width: int
    height: int
    hash: int
    stars: int = 0
    prompt: str = ""
    file: str = ""
    profile: str = ""
    recipe: str = ""
    source: str = ""
    seed: int | None = None
    values: tuple[tuple[str, str], ...] = ()


class Portrait(Struct, frozen=True):
    """A picture's thumbnail (a JPEG), its facts, and the BLAKE2 digest of its file."""

    digest: bytes
    thumbnail: bytes
    facts: Facts


class Trouble(Struct, frozen=True):
    """Why there is no portrait of a picture: a sentence. One that `is_gone` may just have moved."""

    says: str
    is_gone: bool = False


def portray(root: str, path: str) -> Portrait | Trouble:
    """The portrait of a picture of the studio at `root`. Never raises: the file may be hostile."""
    try:
        file = Path(root, path)
        if entries.lstat(str(file)).st_size > MAX_PICTURE_BYTES:
            return Trouble(f"it is larger than {MAX_PICTURE_BYTES >> 20} MB")
        data = read_file(file, below=Path(root))
        contents = metadata.read(data)
        image = pixels.decode(data)
    except PictureError as error:
        return Trouble(str(error))
    except OSError as error:
        return Trouble(reason(error), isinstance(error, FileNotFoundError))
    except MemoryError:
        return Trouble("there is too little memory to read it")
    marks = detectors.marks(DraftFile(path, contents, {}, _xattrs(file)))
    facts = _facts(contents, image, together(list(marks.values()), 1, ()))
    return Portrait(digest(data), _thumbnail(image), facts)


def small(root: Path, path: str, side_px: int = 160) -> bytes | None:
    """A small JPEG of a picture of the studio at `root`; None for one that cannot be read."""
    try:
        image = pixels.decode(read_file(root / path, below=root))
    except (OSError, PictureError):
        return None
    image.thumbnail((side_px * 2, side_px), reducing_gap=3.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=78)
    return buffer.getvalue()


def digest(data: bytes) -> bytes:
    """The 16 bytes by which a file's thumbnail is found again."""
    return hashlib.blake2b(data, digest_size=16, person=b"light %d" % VERSION).digest()


def perceptual_hash(image: Image) -> int:
    """64 bits, signed, of which look-alikes share most.

    The signs of the lowest 8x8 frequencies (less the mean) of the picture in 32x32 greys, against
    their median. Source: Zauner, Implementation and Benchmarking of Perceptual Image Hash
    Functions, 2010, section 3.2.
    """
    side = _HASHED_PX
    grey = image.convert("L").resize((side, side), reducing_gap=2.0)
    frequencies = _COSINES @ np.asarray(grey, np.float32) @ _COSINES.T
    bits = frequencies > np.median(frequencies.ravel()[1:])
    bits[0, 0] = False  # the mean: as bright as it may be
    return int(np.packbits(bits).view(">i8")[0])


def _cosines(side: int) -> np.ndarray:
    """The first eight rows of the matrix of the cosine transform (DCT-II)."""
    k, n = np.arange(8)[:, None], np.arange(side)[None, :]
    return np.cos(np.pi * k * (2 * n + 1) / (2 * side)).astype(np.float32)


_COSINES = _cosines(_HASHED_PX)


def _thumbnail(image: Image) -> bytes:
    from PIL.Image import Resampling

    thumbnail = image.copy() if max(image.size) > SIDE_PX else image
    thumbnail.thumbnail((SIDE_PX, SIDE_PX), Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _facts(contents: Metadata, image: Image, stars: int) -> Facts:
    bare = Facts(image.width, image.height, perceptual_hash(image), stars)
    try:
        ours = recipe_text.find(contents)
    except PictureError:
        ours = None
    if ours is None:
        told = readers.read(contents)
        return replace(bare, prompt=told.prompt if told else "")
    recipe, record = ours.recipe, ours.record
    return replace(
        bare,
        prompt=recipe.prompt,
        file=record.prompt_file,
        profile=record.profile,
        recipe=recipe.id,
        source=source.id if isinstance(source := picked(recipe), Recipe) else "",
        seed=recipe.seed,
        values=tuple(values(record.template, recipe.prompt)),
    )


def _xattrs(file: Path) -> dict[str, bytes]:
    """The extended attributes in which file managers keep stars, where there are any."""
    found = {}
    if hasattr(os, "getxattr"):
        for name in _STARS_IN_ATTRIBUTES:
            try:
                found[name] = os.getxattr(file, name, follow_symlinks=False)
            except OSError:
                continue
    return found


_STARS_IN_ATTRIBUTES = ("user.baloo.rating", "user.xdg.tags")
