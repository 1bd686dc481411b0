"""A rendered image + its recipe and record -> the bytes of the picture to publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotfolder.images.document import KEYWORD, document
from hotfolder.images.pixels import encode_png
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record

if TYPE_CHECKING:
    from PIL.Image import Image

PARAMETERS = "parameters"  # where A1111 and all that read its pictures look


def publishable(image: Image, recipe: Recipe, record: Record, parameters: str) -> bytes:
    """The PNG of `image` that carries its recipe, and `parameters`, the same in A1111's words.

    `record.pixels` is the pixel hash of `image`. Raises PictureError if the recipe is too long to
    be read again.
    """
    return encode_png(image, {PARAMETERS: parameters, KEYWORD: document(recipe, record)})
