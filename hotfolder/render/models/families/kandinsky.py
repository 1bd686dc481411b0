"""Kandinsky 2, 3 (Arkhipkin 2023) and 5."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import Family, scaled_latents


def _ready(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> None:
    """It would take the nearest of seven sizes instead."""
    pipe.resolutions = [canvas]


def _channels_last(pipe: Any, picture: Any) -> Any:
    """A film of one picture: (1, 1, height, width, channels)."""
    return scaled_latents(pipe, picture).permute(0, 2, 3, 1).unsqueeze(1)


_TWO_MODELS = "they are two models, the second of which works on what the first draws"

FAMILIES = [
    Family("KandinskyCombinedPipeline", refused=_TWO_MODELS),
    Family("KandinskyV22CombinedPipeline", refused=_TWO_MODELS),
    Family(
        "Kandinsky3Pipeline",
        refused="their autoencoder is of a special kind (MoVQ) that is not computed in tiles",
    ),
    Family("Kandinsky5T2IPipeline", encode=_channels_last, tokens=512, pairs=False, ready=_ready),
]
