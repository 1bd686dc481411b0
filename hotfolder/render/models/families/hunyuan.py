"""Hunyuan-DiT (Li 2024) and HunyuanImage 2.1, of Tencent."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import Arguments, Config, Family, scaled_latents

_GUIDERS = ("guider", "ocr_guider")  # the second one for prompts that quote words to be written


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """A distilled model reads the scale as a number; the others ask their guiders."""
    negative = {"negative_prompt": recipe.negative_prompt} if recipe.negative_prompt else {}
    return {"distilled_guidance_scale": recipe.guidance_scale, **negative}


def _ready(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> None:
    """Guiders of the recipe's scale, and of this picture alone: they remember its last steps."""
    for name in _GUIDERS:
        if guider := getattr(pipe, name, None):
            scale = {"guidance_scale": recipe.guidance_scale, "enabled": recipe.guidance_scale > 1}
            setattr(pipe, name, type(guider).from_config(guider.config, **scale))


def _remembers(pipe: Any) -> tuple[Any, ...]:
    guiders = [getattr(pipe, name, None) for name in _GUIDERS]
    found = [getattr(guider, "momentum_buffer", None) for guider in guiders]
    return tuple(buffer for buffer in found if buffer is not None)


FAMILIES = [
    Family(
        "HunyuanDiTPipeline",
        encode=scaled_latents,
        tokenizer="tokenizer_2",
        words_by="tokenizer",
        tokens=256,
    ),
    Family(
        "HunyuanImagePipeline",
        words_behind=1,
        encode=scaled_latents,
        tokens=1000,
        guidance=_guidance,
        pairs=False,
        ready=_ready,
        remembers=_remembers,
        step_caches=("first-block", "taylor"),
    ),
]
