"""Edges made clearer by an unsharp mask, in lightness alone, so that no colours appear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hotfolder.finishing.given import Given

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("numpy", "scipy")


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` 1 doubles what is finer than about `radius` px."""

    amount: Annotated[float, Meta(ge=0, le=5)] = 0.5
    radius: Annotated[float, Meta(ge=0.3, le=50)] = 1.0


def apply(image: Image, settings: Settings, given: Given) -> Image:
    """The picture with its fine differences of lightness made larger."""
    import numpy as np
    from PIL.Image import fromarray
    from scipy.ndimage import gaussian_filter

    pixels = np.asarray(image, dtype=np.float32)
    light = pixels[..., 0] * 0.299 + pixels[..., 1] * 0.587 + pixels[..., 2] * 0.114
    fine = light - gaussian_filter(light, settings.radius, mode="nearest")
    sharper = pixels + settings.amount * fine[..., None]
    return fromarray(np.clip(np.rint(sharper), 0, 255).astype(np.uint8))
