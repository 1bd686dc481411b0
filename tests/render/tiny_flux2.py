"""A tiny FLUX.2 Klein with random weights, saved as a diffusers folder."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from transformers import Qwen3Config, Qwen3ForCausalLM

from tests.render import tiny, tiny_flow


def klein(folder: Path) -> Path:
    """Its text encoder has the 27 layers that the pipeline reads, each as small as can be."""
    torch.manual_seed(0)
    pipe = Flux2KleinPipeline(
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=24,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
            timestep_guidance_channels=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0),
        vae=AutoencoderKLFlux2(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(8, 8, 8, 8),
            layers_per_block=1,
            latent_channels=4,
            norm_num_groups=2,
            sample_size=64,
        ),
        text_encoder=Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=200,
                hidden_size=8,
                intermediate_size=8,
                num_hidden_layers=27,
                num_attention_heads=1,
                num_key_value_heads=1,
                head_dim=8,
            )
        ),
        tokenizer=tiny_flow.letters(),
        is_distilled=False,
    )
    return tiny.saved(pipe, folder)
