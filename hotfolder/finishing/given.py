"""What a step knows besides the picture in hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotfolder.errors import RenderError

if TYPE_CHECKING:
    from PIL.Image import Image


def nobody(name: str, image: Image) -> Image:
    """Stands where no upscaler can be had."""
    raise RenderError(f"the upscaler {name!r} cannot be used here")


@dataclass(frozen=True, slots=True)
class Given:
    """`picked` is the picture that the chain began with, and `seed` a number for what is random.

    `upscale` enlarges a picture by the owner's upscaler of this name; it raises RenderError.
    """

    picked: Image
    seed: int = 0
    upscale: Callable[[str, Image], Image] = nobody
