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
    Shapes,
    Size,
    Usual,
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


def _recognises(shapes: Shapes) -> str:
    """The names of diffusers; those of its makers diffusers tells apart by itself."""
    if "single_transformer_blocks.0.proj_mlp.weight" not in shapes:
        return ""
    if "time_text_embed.text_embedder.linear_1.weight" not in shapes:
        return ""
    return "flux-dev" if any("guidance_embedder" in name for name in shapes) else "flux-schnell"


FAMILIES = [
    Family(
        "FluxPipeline",
        "FluxImg2ImgPipeline",
        tokenizer="tokenizer_2",
        tokens=512,
        guidance=_guidance,
        pairs=False,
        single_files={
            "flux-dev": "black-forest-labs/FLUX.1-dev",
            "flux-schnell": "black-forest-labs/FLUX.1-schnell",
        },
        recognises=_recognises,
        usual=(
            Usual(4, 0.0, "schnell"),
            Usual(8, 3.5, "turbo"),
            Usual(8, 3.5, "hyper(?!real)"),
            Usual(25, 3.5),
        ),
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
        step_caches=("first-block", "taylor"),
    )
]
