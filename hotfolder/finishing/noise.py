"""Noise in all colours, for an img2img link to draw detail from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("numpy",)
_MOST_SD = 64.0  # of 255


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` 0.1 gives a model something to begin with, 1 leaves little of the picture."""

    amount: Annotated[float, Meta(ge=0, le=1)] = 0.1


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture with normal noise that follows from the recipe's seed."""
    import numpy as np
    from PIL.Image import fromarray

    # The stream of numpy's older generator is the same in every version.
    chance = np.random.RandomState(given.seed)
    noise = chance.standard_normal((image.height, image.width, 3)) * (settings.amount * _MOST_SD)
    noisy = np.rint(np.asarray(image, dtype=np.float64) + noise)
    return fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
