"""ERNIE-Image, of Baidu."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    Arguments,
    Config,
    Family,
    normalised_latents,
    plain_guidance,
)

_EPSILON = 1e-5  # what its pipeline reckons with, whatever the autoencoder's file says


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """A prompt is drawn as it is written: what rewrites it rolls dice of its own."""
    return plain_guidance(denoiser, recipe) | {"use_pe": False}


def _encode(pipe: Any, picture: Any) -> Any:
    return normalised_latents(pipe, picture, _EPSILON)


FAMILIES = [
    Family(
        "ErnieImagePipeline",
        words_behind=1,
        encode=_encode,
        guidance=_guidance,
        unused=("pe", "pe_tokenizer"),
    )
]
