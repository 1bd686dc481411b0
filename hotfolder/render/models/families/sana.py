"""Sana and Sana Sprint: Xie 2024, Chen 2025."""

from __future__ import annotations

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    Arguments,
    Config,
    Family,
    Shapes,
    Usual,
    plain_guidance,
    scaled_latents,
)


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """Sprint's default for the time between its steps is for two of them."""
    between = {} if recipe.steps == 2 else {"intermediate_timesteps": None}
    return plain_guidance(denoiser, recipe) | between


def _recognises(shapes: Shapes) -> str:
    """By diffusers' names; Sprint reads a guidance scale as a number."""
    marks = {"caption_norm.weight", "transformer_blocks.0.ff.conv_inverted.weight"}
    reads_scale = any("guidance_embedder" in name for name in shapes)
    return "sana" if marks <= shapes.keys() and not reads_scale else ""


FAMILIES = [
    Family(
        "SanaPipeline",
        encode=scaled_latents,
        tokens=300,
        single_files={"sana": "Efficient-Large-Model/Sana_1600M_1024px_diffusers"},
        recognises=_recognises,
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
