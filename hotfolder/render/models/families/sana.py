"""Sana and Sana Sprint: Xie 2024, Chen 2025."""

from __future__ import annotations

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    Arguments,
    Config,
    Family,
    Usual,
    plain_guidance,
    scaled_latents,
)


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """Sprint's default for the time between its steps is for two of them."""
    between = {} if recipe.steps == 2 else {"intermediate_timesteps": None}
    return plain_guidance(denoiser, recipe) | between


FAMILIES = [
    Family(
        "SanaPipeline",
        encode=scaled_latents,
        tokens=300,
        single_files={"sana": "Efficient-Large-Model/Sana_1600M_1024px_diffusers"},
        usual=(Usual(20, 4.5),),
        multiple=32,
    ),
    Family(
        "SanaSprintPipeline",
        "SanaSprintImg2ImgPipeline",
        tokens=300,
        guidance=_guidance,
        decodes_latents=False,
    ),
]
