"""Grain as film has it: in lightness alone, strongest in the middle tones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("numpy", "scipy")
_MOST_SD = 32.0  # of 255, that an amount of 1 puts into middle grey


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` 0.1 is hardly seen, 1 is coarse; `size` is about that of a grain, in px."""

    amount: Annotated[float, Meta(ge=0, le=1)] = 0.2
    size: Annotated[float, Meta(ge=0.5, le=10)] = 1.0


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture with grain that follows from the recipe's seed."""
    import numpy as np
    from PIL.Image import fromarray
    from scipy.ndimage import gaussian_filter

    # The stream of numpy's older generator is the same in every version.
    chance = np.random.RandomState(given.seed)
    grain = chance.standard_normal((image.height, image.width)).astype(np.float32)
    if settings.size > 0.5:
        grain = gaussian_filter(grain, settings.size / 2, mode="wrap")
        grain /= grain.std(dtype=np.float64)
    pixels = np.asarray(image, dtype=np.float32)
    light = (pixels[..., 0] * 0.299 + pixels[..., 1] * 0.587 + pixels[..., 2] * 0.114) / 255
    grain *= settings.amount * _MOST_SD * (0.25 + 3 * light * (1 - light))
    return fromarray(np.clip(np.rint(pixels + grain[..., None]), 0, 255).astype(np.uint8))
