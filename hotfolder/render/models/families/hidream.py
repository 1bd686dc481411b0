"""HiDream-I1, of HiDream.ai."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import Family, scaled_latents


def _ready(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> None:
    """It scales every size to the area that it was trained at: let that be the canvas' own.

    The little that is added keeps its sides from being rounded down.
    """
    width, height = canvas
    pipe.default_sample_size = (width * height) ** 0.5 / pipe.vae_scale_factor * (1 + 1e-9)


FAMILIES = [
    Family(
        "HiDreamImagePipeline",
        words_behind=1,
        encode=scaled_latents,
        tokenizer="tokenizer_4",
        words_by="tokenizer_3",
        tokens=128,
        ready=_ready,
    )
]
