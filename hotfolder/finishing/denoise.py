"""Noise taken out, and edges kept: a pixel becomes the mean of those whose surroundings are alike.

Non-local means (Buades 2005, in the fast form of Darbon 2008), by scikit-image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("numpy", "scikit-image")
_MOST_SD = 25 / 255  # of the noise that an amount of 1 takes out


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` 0.1 takes out what is hardly seen, 1 strong grain, and with it fine texture."""

    amount: Annotated[float, Meta(gt=0, le=1)] = 0.3


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture without noise of up to so much."""
    import numpy as np
    from PIL.Image import fromarray
    from skimage.restoration import denoise_nl_means

    sd = settings.amount * _MOST_SD
    pixels = np.asarray(image, dtype=np.float32) / 255
    clean = denoise_nl_means(
        pixels, patch_size=5, patch_distance=6, h=0.8 * sd, sigma=sd, channel_axis=-1
    )
    return fromarray(np.clip(np.rint(clean * 255), 0, 255).astype(np.uint8))
