"""Stable Diffusion 3 and 3.5: Esser 2024."""

from __future__ import annotations

from hotfolder.render.models.family import CLIP_G, CLIP_L, LARGE_VAE, T5_XXL, Family, Size

FAMILIES = [
    Family(
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        tokenizer="tokenizer_3",
        tokens=256,
        windows=True,
        single_files={"sd3": ""},
        known={
            "stabilityai/stable-diffusion-3.5-medium": Size(
                {"num_attention_heads": 24, "attention_head_dim": 64, "sample_size": 128},
                {
                    "transformer": 2_470_000_000,
                    "text_encoder": CLIP_L,
                    "text_encoder_2": CLIP_G,
                    "text_encoder_3": T5_XXL,
                    "vae": LARGE_VAE,
                },
            )
        },
    )
]
