"""The colours of the picture that was picked: its mean and its spread in Lab (Reinhard 2001)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("numpy", "scikit-image")
_LEAST, _MOST = 0.5, 2.0  # times the spread there is: a flat picture would become noise


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` 1 takes the colours over, 0.5 goes half of the way."""

    amount: Annotated[float, Meta(ge=0, le=1)] = 1.0


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture with the lightness and colours that the picked one has on the whole."""
    import numpy as np
    from PIL.Image import fromarray
    from skimage.color import lab2rgb, rgb2lab

    own, wanted = rgb2lab(np.asarray(image)), rgb2lab(np.asarray(given.picked.convert("RGB")))
    mean, spread = own.mean((0, 1)), own.std((0, 1))
    scale = np.clip(wanted.std((0, 1)) / np.maximum(spread, 1e-6), _LEAST, _MOST)
    matched = (own - mean) * scale + wanted.mean((0, 1))
    between = own + settings.amount * (matched - own)
    return fromarray(np.rint(np.clip(lab2rgb(between), 0, 1) * 255).astype(np.uint8))
