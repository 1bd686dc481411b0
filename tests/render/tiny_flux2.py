"""Tiny FLUX.2 models with random weights, saved as diffusers folders."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
)
from transformers import MistralConfig, MistralModel, Qwen3Config, Qwen3ForCausalLM

from hotfolder.render.models.text_processor import TextProcessor
from tests.render import tiny, tiny_flow

# Of messages whose contents are lists of parts.
CONTENTS = (
    "{% for message in messages %}{% for part in message['content'] %}{{ part['text'] }}"
    "{% endfor %}{% endfor %}"
)


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
        vae=vae(),
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


def flux_2(folder: Path) -> Path:
    """A FLUX.2 dev in miniature, which reads its guidance as a number."""
    torch.manual_seed(0)
    pipe = Flux2Pipeline(
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=24,
            axes_dims_rope=(4, 4, 4, 4),
            timestep_guidance_channels=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0),
        vae=vae(),
        text_encoder=MistralModel(
            MistralConfig(
                vocab_size=200,
                hidden_size=8,
                intermediate_size=8,
                num_hidden_layers=30,
                num_attention_heads=1,
                num_key_value_heads=1,
                head_dim=8,
            )
        ),
        tokenizer=TextProcessor(tiny_flow.letters(), CONTENTS),
    )
    return tiny.with_parts(pipe, folder, tokenizer="PixtralProcessor")


def vae() -> AutoencoderKLFlux2:
    """Its norm has means and variances that are not those of nothing at all."""
    found = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        sample_size=64,
    )
    return found
