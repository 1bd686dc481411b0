"""Tiny models with random weights, saved as diffusers folders. They make noise, but exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

MULTIPLE = 16


def stable_diffusion(folder: Path, seed: int = 0, **shape: Any) -> Path:
    """A v-prediction, zero-SNR Stable Diffusion 1.5 in miniature; saved in fp16 like ours."""
    torch.manual_seed(seed)
    pipe = StableDiffusionPipeline(
        vae=vae(),
        text_encoder=CLIPTextModel(text_config()).eval(),
        tokenizer=tokenizer(folder),
        unet=_unet(**shape),
        scheduler=DPMSolverMultistepScheduler(
            beta_schedule="scaled_linear",
            prediction_type="v_prediction",
            rescale_betas_zero_snr=True,
            timestep_spacing="trailing",
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return saved(pipe, folder)


def latent_consistency(folder: Path) -> Path:
    """A latent consistency model in miniature, which reads its guidance as a number."""
    torch.manual_seed(0)
    pipe = LatentConsistencyModelPipeline(
        vae=vae(),
        text_encoder=CLIPTextModel(text_config()).eval(),
        tokenizer=tokenizer(folder),
        unet=_unet(time_cond_proj_dim=32),
        scheduler=LCMScheduler(original_inference_steps=50),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return saved(pipe, folder)


def stable_diffusion_xl(folder: Path, seed: int = 0) -> Path:
    """A Stable Diffusion XL in miniature."""
    torch.manual_seed(seed)
    letters = tokenizer(folder)
    pipe = StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=CLIPTextModel(text_config()).eval(),
        text_encoder_2=CLIPTextModelWithProjection(text_config()).eval(),
        tokenizer=letters,
        tokenizer_2=letters,
        unet=_unet(
            cross_attention_dim=64,
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 32,
        ),
        scheduler=EulerDiscreteScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1
        ),
    )
    return saved(pipe, folder)


def saved(pipe: Any, folder: Path) -> Path:
    pipe.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    return folder


def with_parts(pipe: Any, folder: Path, **parts: str) -> Path:
    """Saved with these parts of transformers' classes, as its makers do who have torchvision."""
    saved(pipe, folder)
    file = folder / "model_index.json"
    index = json.loads(file.read_text())
    index |= {name: ["transformers", kind] for name, kind in parts.items()}
    file.write_text(json.dumps(index))
    return folder


def _unet(**more: Any) -> UNet2DConditionModel:
    shape: dict[str, Any] = {
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "sample_size": 16,
        "in_channels": 4,
        "out_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 32,
        "attention_head_dim": 4,
        "norm_num_groups": 4,
    }
    return UNet2DConditionModel(**{**shape, **more}).eval()


def vae(latent_channels: int = 4, **more: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=latent_channels,
        norm_num_groups=4,
        sample_size=64,
        **more,
    ).eval()


def text_config(**more: Any) -> CLIPTextConfig:
    shape: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "vocab_size": 300,
        "max_position_embeddings": 77,
        "projection_dim": 32,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    return CLIPTextConfig(**{**shape, **more})


def tokenizer(folder: Path) -> CLIPTokenizer:
    """A tokenizer that knows single letters only."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789,.-"
    words = ["<|startoftext|>", "<|endoftext|>"]
    words += [f"{letter}</w>" for letter in letters] + list(letters)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: number for number, word in enumerate(words)}))
    merges.write_text("#version: 0.2\n")
    letters_only = CLIPTokenizer(str(vocabulary), str(merges), model_max_length=77)
    vocabulary.unlink()
    merges.unlink()
    return letters_only
