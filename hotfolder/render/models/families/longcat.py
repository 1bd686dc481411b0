"""LongCat-Image, of Meituan."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    Arguments,
    Config,
    Family,
    in_a_row,
    patches,
    plain_guidance,
    scaled_latents,
)


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """A prompt is drawn as it is written."""
    return plain_guidance(denoiser, recipe) | {"enable_prompt_rewrite": False}


def _packed(pipe: Any, picture: Any) -> Any:
    return in_a_row(patches(scaled_latents(pipe, picture)))


FAMILIES = [
    Family(
        "LongCatImagePipeline",
        encode=_packed,
        tokens=512,
        guidance=_guidance,
        pairs=False,
        step_caches=("taylor",),
    )
]
