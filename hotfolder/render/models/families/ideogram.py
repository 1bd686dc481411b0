"""Ideogram 4."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import Arguments, Config, Family


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """One scale for all steps: the makers' list of scales is for 48 of them alone.

    There is no negative prompt: without guidance it draws with a denoiser of its own.
    """
    return {"guidance_scale": recipe.guidance_scale, "guidance_schedule": None}


def _encode(pipe: Any, picture: Any) -> Any:
    """Patches of 2x2 px as tokens, the place in the patch before the channel."""
    latents, vae = pipe.vae.encode(picture).latent_dist.mode(), pipe.vae
    number, channels, height, width = latents.shape
    parts = latents.view(number, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 3, 5, 1)
    tokens = parts.reshape(number, height * width // 4, channels * 4)
    deviation = (vae.bn.running_var + vae.config.batch_norm_eps).sqrt()
    return (tokens - vae.bn.running_mean) / deviation


FAMILIES = [
    Family(
        "Ideogram4Pipeline",
        encode=_encode,
        tokens=2048,
        guidance=_guidance,
        pairs=False,
        unused=("prompt_enhancer_head",),
    )
]
