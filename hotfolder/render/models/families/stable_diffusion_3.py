"""Stable Diffusion 3 and 3.5: Esser 2024."""

from __future__ import annotations

from hotfolder.render.models.family import (
    CLIP_G,
    CLIP_L,
    LARGE_VAE,
    T5_XXL,
    Family,
    Shapes,
    Size,
    Usual,
)


def _recognises(shapes: Shapes) -> str:
    """3 and 3.5 medium differ by a second attention, 3.5 large has 38 blocks."""
    if (
        "transformer_blocks.0.norm1_context.linear.weight" in shapes
        and "pos_embed.proj.weight" in shapes
    ):
        last, second = (
            "transformer_blocks.37.",
            "transformer_blocks.0.attn2.to_q.weight",
        )
    elif "joint_blocks.0.context_block.attn.qkv.weight" in shapes:
        last, second = (
            "joint_blocks.37.",
            "joint_blocks.0.x_block.attn2.qkv.weight",
        )
    else:
        return ""
    if any(name.startswith(last) for name in shapes):
        return "sd35_large"
    return "sd35_medium" if second in shapes else "sd3"


FAMILIES = [
    Family(
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        words_behind=1,
        tokenizer="tokenizer_3",
        words_by="tokenizer",
        tokens=256,
        windows=True,
        single_files={
            "sd35_medium": "stabilityai/stable-diffusion-3.5-medium",
            "sd35_large": "stabilityai/stable-diffusion-3.5-large",
            "sd3": "stabilityai/stable-diffusion-3-medium-diffusers",
        },
        recognises=_recognises,
        usual=(Usual(4, 0.0, "turbo"), Usual(28, 4.5)),
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
