"""Stable Diffusion 3 and 3.5: Esser 2024."""

from __future__ import annotations

from typing import Any

from hotfolder.render.models.family import (
    ATTENTION,
    CLIP_G,
    CLIP_L,
    LARGE_VAE,
    T5_XXL,
    Arguments,
    Family,
    Shapes,
    Size,
    Tuning,
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


def _embeds(pipe: Any, prompt: str) -> Arguments:
    """What all three text encoders make of a prompt."""
    states, _, pooled, _ = pipe.encode_prompt(
        prompt, None, None, do_classifier_free_guidance=False, max_sequence_length=256
    )
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _hears(embeds: Arguments, canvas: tuple[int, int]) -> Arguments:
    """The prompt and its pooled form."""
    return {
        "encoder_hidden_states": embeds["prompt_embeds"],
        "pooled_projections": embeds["pooled_prompt_embeds"],
    }


def _predict(transformer: Any, noisy: Any, times: Any, heard: Arguments) -> Any:
    return transformer(hidden_states=noisy, timestep=times, return_dict=False, **heard)[0]


FAMILIES = [
    Family(
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        words_behind=1,
        tokenizer="tokenizer_3",
        words_by="tokenizer",
        tokens=256,
        spares_reader=True,
        windows=True,
        tuning=Tuning(
            (*ATTENTION, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"),
            _hears,
            _predict,
            flow=True,
            embeds=_embeds,
        ),
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
