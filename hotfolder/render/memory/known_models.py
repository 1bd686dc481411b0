"""What well-known models take, for the time before their weights are here."""

from __future__ import annotations

from typing import Any

from hotfolder.render.memory import footprint
from hotfolder.render.memory.memory_plan import Footprint

Part = dict[str, Any]
Known = tuple[str, Part, dict[str, int]]  # pipeline, denoiser's configuration, numbers of each part

_VAE: Part = {"block_out_channels": [128, 256, 512, 512]}
_CLIP_L, _CLIP_G, _T5 = 123_060_480, 694_659_840, 4_762_310_656
_SD15: Known = (
    "StableDiffusionPipeline",
    {
        "_class_name": "UNet2DConditionModel",
        "block_out_channels": [320, 640, 1280, 1280],
        "down_block_types": ["CrossAttnDownBlock2D"],
        "sample_size": 64,
    },
    {"unet": 859_520_964, "text_encoder": _CLIP_L, "vae": 83_653_863},
)
_SDXL: Known = (
    "StableDiffusionXLPipeline",
    {
        "_class_name": "UNet2DConditionModel",
        "block_out_channels": [320, 640, 1280],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "sample_size": 128,
    },
    {
        "unet": 2_567_463_684,
        "text_encoder": _CLIP_L,
        "text_encoder_2": _CLIP_G,
        "vae": 83_653_863,
    },
)
_SOURCES: dict[str, Known] = {
    "stable-diffusion-v1-5/stable-diffusion-v1-5": _SD15,
    "stabilityai/stable-diffusion-xl-base-1.0": _SDXL,
    "stabilityai/sdxl-turbo": _SDXL,
    "hub:ByteDance/SDXL-Lightning/sdxl_lightning_4step.safetensors": _SDXL,
    "stabilityai/stable-diffusion-3.5-medium": (
        "StableDiffusion3Pipeline",
        {
            "_class_name": "SD3Transformer2DModel",
            "num_attention_heads": 24,
            "attention_head_dim": 64,
            "sample_size": 128,
        },
        {
            "transformer": 2_470_000_000,
            "text_encoder": _CLIP_L,
            "text_encoder_2": _CLIP_G,
            "text_encoder_3": _T5,
            "vae": 83_819_683,
        },
    ),
    "black-forest-labs/FLUX.1-schnell": (
        "FluxPipeline",
        {
            "_class_name": "FluxTransformer2DModel",
            "num_attention_heads": 24,
            "attention_head_dim": 128,
        },
        {
            "transformer": 11_891_178_560,
            "text_encoder": _CLIP_L,
            "text_encoder_2": _T5,
            "vae": 83_819_683,
        },
    ),
    "Qwen/Qwen-Image": (
        "QwenImagePipeline",
        {
            "_class_name": "QwenImageTransformer2DModel",
            "num_attention_heads": 24,
            "attention_head_dim": 128,
        },
        {"transformer": 20_430_401_088, "text_encoder": 8_292_166_656, "vae": 126_892_531},
    ),
    "Tongyi-MAI/Z-Image-Turbo": (
        "ZImagePipeline",
        {"_class_name": "ZImageTransformer2DModel", "dim": 3840},
        {"transformer": 6_154_908_736, "text_encoder": 4_022_468_096, "vae": 83_819_683},
    ),
}


def footprint_of(source: str, dtype: str) -> Footprint | None:
    """What the model at a profile's `model.source` takes in `dtype`; None if it is not known."""
    return _taken(_SOURCES[source], dtype) if source in _SOURCES else None


def of_layout(layout: str, dtype: str) -> Footprint:
    """What any model of a layout in `models/layouts` takes in `dtype`."""
    return _taken({"sd15": _SD15, "sdxl": _SDXL}[layout], dtype)


def _taken(model: Known, dtype: str) -> Footprint:
    pipeline, denoiser, counts = model
    name = "unet" if "unet" in counts else "transformer"
    return footprint.of_parts(pipeline, {name: denoiser, "vae": _VAE}, counts, dtype)
