"""FLUX.1 dev, schnell and Krea, of Black Forest Labs."""

from __future__ import annotations

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    CLIP_L,
    LARGE_VAE,
    T5_XXL,
    Arguments,
    Config,
    Family,
    Size,
)

_SCHNELL_TOKENS = 256  # what it was trained on; diffusers' default is that of dev


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """dev reads the scale as a number, and has no use for a negative prompt; schnell is guided."""
    if denoiser["guidance_embeds"]:
        return {"guidance_scale": recipe.guidance_scale, "true_cfg_scale": 1.0}
    length = {"max_sequence_length": _SCHNELL_TOKENS}
    if recipe.guidance_scale <= 1:
        return {"true_cfg_scale": 1.0, **length}
    # Without a negative prompt the pipeline switches guidance off; a space stands for none.
    negative = recipe.negative_prompt or " "
    return {"true_cfg_scale": recipe.guidance_scale, "negative_prompt": negative, **length}


FAMILIES = [
    Family(
        "FluxPipeline",
        "FluxImg2ImgPipeline",
        tokenizer="tokenizer_2",
        tokens=512,
        guidance=_guidance,
        pairs=False,
        single_files={"flux-dev": "", "flux-schnell": ""},
        known={
            "black-forest-labs/FLUX.1-schnell": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {
                    "transformer": 11_891_178_560,
                    "text_encoder": CLIP_L,
                    "text_encoder_2": T5_XXL,
                    "vae": LARGE_VAE,
                },
            )
        },
    )
]
