"""Colour profiles of pictures from elsewhere -> sRGB."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

DAMAGED = "its colour profile is damaged; its colours are read as sRGB"
_MAX_PROFILE_BYTES = 4 * 2**20
_ALIKE = 2  # of 255: a profile that changes no colour by more is sRGB under another name
_LEVELS = range(0, 256, 51)


def to_srgb(image: Image, profile: bytes | None) -> tuple[Image, str]:
    """`image` (RGB, L or CMYK) with its colours in sRGB, and a sentence if they could not be had.

    A picture without a profile, and one whose profile is sRGB, are returned as they are: so our own
    pictures keep their pixels whatever profile a program adds.
    """
    if not profile:
        return image, ""
    from PIL import ImageCms

    if len(profile) > _MAX_PROFILE_BYTES:
        return image, DAMAGED
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = given.profile.xcolor_space.strip()
        if space != {"L": "GRAY"}.get(image.mode, image.mode):
            return image, ""  # it speaks of what the picture was before it was converted
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(given, srgb, image.mode, "RGB")
        if image.mode == "RGB" and _is_srgb(transform):
            return image, ""
        found = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return image, DAMAGED
    return found or image, ""


def _is_srgb(transform: ImageCmsTransform) -> bool:
    """Whether a transform from RGB leaves a cube of colours as it is."""
    import numpy as np
    from PIL.Image import fromarray

    cube = np.stack(np.meshgrid(_LEVELS, _LEVELS, _LEVELS), axis=-1).reshape(1, -1, 3)
    sample = fromarray(cube.astype(np.uint8))
    converted = np.asarray(transform.apply(sample), dtype=np.int16)
    return int(np.abs(converted - cube).max()) <= _ALIKE
