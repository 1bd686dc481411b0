"""Qwen-Image, of Alibaba, and its second generation."""

from __future__ import annotations

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import Arguments, Config, Family, Size


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """A distilled model reads the scale as a number, the others are guided by a second pass."""
    if denoiser.get("guidance_embeds"):
        return {"guidance_scale": recipe.guidance_scale, "true_cfg_scale": 1.0}
    if recipe.guidance_scale <= 1:
        return {"true_cfg_scale": 1.0}
    # Without a negative prompt the pipeline switches guidance off; a space stands for none.
    return {
        "true_cfg_scale": recipe.guidance_scale,
        "negative_prompt": recipe.negative_prompt or " ",
    }


FAMILIES = [
    Family(
        "QwenImagePipeline",
        "QwenImageImg2ImgPipeline",
        tokens=512,
        guidance=_guidance,
        pairs=False,
        known={
            "Qwen/Qwen-Image": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {"transformer": 20_430_401_088, "text_encoder": 8_292_166_656, "vae": 126_892_531},
            )
        },
    ),
    Family("QwenImage21Pipeline", guidance=_guidance),
]
