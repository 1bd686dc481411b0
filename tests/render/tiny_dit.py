"""More tiny transformer models with random weights, saved as diffusers folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    ChromaPipeline,
    ChromaTransformer2DModel,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)
from transformers import Gemma2Config, Gemma2Model, GlmConfig, GlmModel, T5Config, T5EncoderModel

from tests.render import tiny, tiny_flow


def chroma(folder: Path) -> Path:
    """A Chroma in miniature."""
    torch.manual_seed(0)
    pipe = ChromaPipeline(
        transformer=ChromaTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=(4, 4, 8),
            approximator_num_channels=8,
            approximator_hidden_dim=16,
            approximator_layers=1,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=tiny_flow.vae(4),
        text_encoder=_t5(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def pixart(folder: Path) -> Path:
    """A PixArt-Sigma in miniature; it learns its variance and calls back in the old way."""
    torch.manual_seed(0)
    pipe = PixArtSigmaPipeline(
        transformer=PixArtTransformer2DModel(
            sample_size=8,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=8,
            in_channels=4,
            out_channels=8,
            cross_attention_dim=16,
            caption_channels=32,
            use_additional_conditions=False,
        ),
        scheduler=DPMSolverMultistepScheduler(),
        vae=tiny.vae(),
        text_encoder=_t5(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def pixart_alpha(folder: Path) -> Path:
    """A PixArt-alpha in miniature."""
    torch.manual_seed(0)
    pipe = PixArtAlphaPipeline(
        transformer=PixArtTransformer2DModel(
            sample_size=8,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=8,
            in_channels=4,
            out_channels=8,
            cross_attention_dim=16,
            caption_channels=32,
            use_additional_conditions=False,
        ),
        scheduler=DPMSolverMultistepScheduler(),
        vae=tiny.vae(),
        text_encoder=_t5(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def sana(folder: Path) -> Path:
    """A Sana in miniature; its own scheduler is a solver for flows."""
    torch.manual_seed(0)
    pipe = SanaPipeline(
        transformer=_sana(),
        scheduler=DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        vae=_deep_compression(),
        text_encoder=_gemma(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def sana_sprint(folder: Path) -> Path:
    """A Sana Sprint in miniature, which reads its guidance and has a scheduler of its own."""
    torch.manual_seed(0)
    pipe = SanaSprintPipeline(
        transformer=_sana(guidance_embeds=True, qk_norm="rms_norm_across_heads"),
        scheduler=SCMScheduler(),
        vae=_deep_compression(),
        text_encoder=_gemma(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def lumina_2(folder: Path) -> Path:
    """A Lumina 2 in miniature."""
    torch.manual_seed(0)
    pipe = Lumina2Pipeline(
        transformer=Lumina2Transformer2DModel(
            sample_size=8,
            in_channels=4,
            hidden_size=24,
            num_layers=1,
            num_refiner_layers=1,
            num_attention_heads=3,
            num_kv_heads=1,
            multiple_of=2,
            axes_dim_rope=(4, 2, 2),
            axes_lens=(512, 64, 64),
            cap_feat_dim=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=6.0),
        vae=tiny_flow.vae(4),
        text_encoder=_gemma(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def aura_flow(folder: Path) -> Path:
    """An AuraFlow in miniature."""
    torch.manual_seed(0)
    pipe = AuraFlowPipeline(
        transformer=AuraFlowTransformer2DModel(
            sample_size=32,
            in_channels=4,
            num_mmdit_layers=1,
            num_single_dit_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            caption_projection_dim=32,
            joint_attention_dim=32,
            pos_embed_max_size=256,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
        vae=tiny.vae(),
        text_encoder=_t5(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def cogview_4(folder: Path) -> Path:
    """A CogView 4 in miniature."""
    torch.manual_seed(0)
    text = GlmConfig(
        vocab_size=200,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        pad_token_id=0,
    )
    pipe = CogView4Pipeline(
        transformer=CogView4Transformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=2,
            attention_head_dim=4,
            num_attention_heads=4,
            text_embed_dim=16,
            time_embed_dim=8,
            condition_dim=4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(
            base_shift=0.25, max_shift=0.75, use_dynamic_shifting=True, time_shift_type="linear"
        ),
        vae=tiny.vae(),
        text_encoder=GlmModel(text),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def _sana(**more: Any) -> SanaTransformer2DModel:
    return SanaTransformer2DModel(
        patch_size=1,
        in_channels=4,
        out_channels=4,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=4,
        num_cross_attention_heads=2,
        cross_attention_head_dim=4,
        cross_attention_dim=8,
        caption_channels=16,
        sample_size=32,
        **more,
    )


def _deep_compression() -> AutoencoderDC:
    blocks = {
        f"{half}_{name}": value
        for half in ("encoder", "decoder")
        for name, value in {
            "block_types": ("ResBlock", "EfficientViTBlock"),
            "block_out_channels": (8, 8),
            "qkv_multiscales": ((), (5,)),
            "layers_per_block": (1, 1),
        }.items()
    }
    return AutoencoderDC(
        latent_channels=4,
        attention_head_dim=2,
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
        scaling_factor=0.41407,
        **blocks,
    )


def _gemma() -> Gemma2Model:
    return Gemma2Model(
        Gemma2Config(
            vocab_size=200,
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
        )
    )


def _t5() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(vocab_size=200, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
    )
