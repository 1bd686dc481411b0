"""Qwen-Image, of Alibaba, and its second generation."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    QWEN_VAE,
    Arguments,
    Config,
    Family,
    Shapes,
    Size,
    Usual,
    film_latents,
    in_a_row,
)


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


def _opaque_latents(pipe: Any, picture: Any) -> Any:
    """Its autoencoder takes a fourth channel, which says where a picture can be seen."""
    import torch

    seen = torch.cat([picture, torch.ones_like(picture[:, :1])], dim=1)
    return in_a_row(film_latents(pipe, seen))


def _recognises(shapes: Shapes) -> str:
    """Its own names are diffusers'."""
    marks = {"txt_norm.weight", "transformer_blocks.0.img_mod.1.weight"}
    return "qwen-image" if marks <= shapes.keys() else ""


FAMILIES = [
    Family(
        "QwenImagePipeline",
        "QwenImageImg2ImgPipeline",
        step_caches=("first-block", "taylor"),
        tokens=512,
        guidance=_guidance,
        pairs=False,
        single_files={"qwen-image": "Qwen/Qwen-Image"},
        recognises=_recognises,
        usual=(Usual(8, 1.0, "lightning"), Usual(30, 4.0)),
        known={
            "Qwen/Qwen-Image": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {"transformer": 20_430_401_088, "text_encoder": 8_292_166_656, "vae": QWEN_VAE},
            )
        },
    ),
    Family(
        "QwenImage21Pipeline",
        tokenizer="processor",
        guidance=_guidance,
        pairs=False,
        encode=_opaque_latents,
        single_files={"qwen-image-2.1": "Qwen/Qwen-Image-2.1"},
        usual=(Usual(40, 1.0),),
        known={
            "Qwen/Qwen-Image-2.1": Size(
                {"num_attention_heads": 32, "attention_head_dim": 128},
                {"transformer": 7_115_124_736, "text_encoder": 8_767_123_696, "vae": 337_740_404},
            )
        },
    ),
]
