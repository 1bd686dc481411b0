"""A picture's file -> what the gallery says of it, and the copies that it shows."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from hotfolder.errors import PictureError, reason
from hotfolder.gallery import folder as gallery
from hotfolder.images import metadata, pixels, recipe_text
from hotfolder.images.foreign import readers
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.recipe import Recipe, picked
from hotfolder.studio import beneath
from hotfolder.studio.reading import MAX_PICTURE_BYTES, read_file

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = 1
"""Of what an exhibit says and of its copies; those of another version are made again."""

THUMBNAIL_PX = 400
"""The height of a thumbnail: twice that of a row, for screens with two dots to a pixel."""

_LARGE_PX = 2560  # the longer side of the copy that fills the screen, at most
_ID_DIGITS = 16


class Exhibit(Struct, frozen=True, omit_defaults=True):
    """A picture as the gallery shows it; `width` and `height` are those of its largest copy, in px.

    `id` follows from the file's bytes. `recipe` is the id of its recipe, `source` that of the draft
    that it was made from; both empty for pictures of other programs. `facts` are (label, text).
    """

    id: str
    width: int
    height: int
    created: str = ""
    prompt: str = ""
    recipe: str = ""
    source: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def large(self) -> str:
        """The path of the copy that fills the screen, a JPEG."""
        return f"pictures/{self.id}.jpg"

    def thumbnail(self, suffix: str) -> str:
        """The path of a small copy."""
        return f"pictures/{self.id}-small.{suffix}"

    @property
    def copies(self) -> tuple[str, ...]:
        """The paths of all copies."""
        return self.large, *(self.thumbnail(suffix) for suffix in thumbnail_settings())


class Trouble(Struct, frozen=True):
    """Why a picture is left out; half a sentence."""

    says: str


def thumbnail_settings() -> dict[str, dict[str, Any]]:
    """The formats of thumbnails by their suffixes, the smallest files first, and how to write them.

    AVIF only where this computer's Pillow writes it.
    """
    from PIL import features

    avif = {"avif": {"quality": 62, "speed": 8}} if features.check("avif") else {}
    return {**avif, "webp": {"quality": 80, "method": 4}, "jpg": {"quality": 82, "optimize": True}}


def exhibit(path: str, folder: str, only: frozenset[str] | None = None) -> Exhibit | Trouble:
    """Read a picture and put its copies into the gallery's folder, if they are not there.

    With `only` there are copies of pictures with these recipes alone. The copies carry nothing but
    pixels: no prompt, no place, no name. Never raises: for workers.
    """
    try:
        file = Path(path)
        if file.stat().st_size > MAX_PICTURE_BYTES:
            return Trouble(f"it is larger than {MAX_PICTURE_BYTES >> 20} MB")
        data = read_file(file)
        contents = metadata.read(data)
        image = pixels.decode(data, contents)
        large = _fitted(image, _LARGE_PX, _LARGE_PX)
        digest = hashlib.blake2b(data, digest_size=_ID_DIGITS // 2, person=b"gallery %d" % VERSION)
        found = _described(contents, Exhibit(digest.hexdigest(), *large.size))
        if only is None or found.recipe in only:
            _copy(found, large, Path(folder))
    except PictureError as error:
        return Trouble(str(error))
    except OSError as error:
        return Trouble(reason(error))
    except MemoryError:
        return Trouble("there is too little memory to read it")
    return found


def _copy(shown: Exhibit, large: Image, folder: Path) -> None:
    if all(beneath.is_file(folder, path) for path in shown.copies):
        return
    gallery.put(folder, shown.large, _encoded(large, "jpg", quality=90, optimize=True))
    small = _fitted(large, 4 * THUMBNAIL_PX, THUMBNAIL_PX)
    for suffix, settings in thumbnail_settings().items():
        gallery.put(folder, shown.thumbnail(suffix), _encoded(small, suffix, **settings))


def _described(contents: Metadata, bare: Exhibit) -> Exhibit:
    try:
        ours = recipe_text.find(contents)
    except PictureError:
        ours = None
    if ours is None:
        told = readers.read(contents)
        if told is None:
            return bare
        size = f"{told.width}x{told.height}" if told.width else ""
        facts = [
            ("negative", told.negative_prompt),
            ("model", told.model),
            ("sampler", told.scheduler or ""),
            ("steps", _number(told.steps)),
            ("guidance", _number(told.guidance_scale)),
            ("seed", _number(told.seed)),
            ("size", size),
        ]
        return replace(bare, prompt=told.prompt, facts=_said(facts))
    recipe, record = ours.recipe, ours.record
    facts = [
        ("negative", recipe.negative_prompt),
        ("model", recipe.model),
        ("sampler", recipe.scheduler),
        ("steps", _number(recipe.steps)),
        ("guidance", _number(recipe.guidance_scale)),
        ("strength", _number(recipe.strength)),
        ("seed", _number(recipe.seed)),
        ("size", f"{recipe.width}x{recipe.height}"),
    ]
    return replace(
        bare,
        created=record.created,
        prompt=recipe.prompt,
        recipe=recipe.id,
        source=source.id if isinstance(source := picked(recipe), Recipe) else "",
        facts=_said(facts),
    )


def _said(facts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, text) for label, text in facts if text)


def _number(number: float | None) -> str:
    if isinstance(number, float):
        return f"{number:.15g}"
    return "" if number is None else str(number)


def _fitted(image: Image, width: int, height: int) -> Image:
    """The picture, no wider and no higher than this."""
    from PIL.Image import Resampling

    scale = min(1.0, width / image.width, height / image.height)
    sides = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if sides == image.size else image.resize(sides, Resampling.LANCZOS)


def _encoded(image: Image, suffix: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, {"jpg": "JPEG"}.get(suffix, suffix.upper()), **settings)
    return buffer.getvalue()
