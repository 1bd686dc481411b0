"""Stable Diffusion XL, Turbo and Lightning: Podell 2023."""

from __future__ import annotations

from hotfolder.render.models.family import CLIP_G, CLIP_L, SMALL_VAE, Family, Size

_SIZE = Size(
    {
        "block_out_channels": [320, 640, 1280],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "sample_size": 128,
    },
    {
        "unet": 2_567_463_684,
        "text_encoder": CLIP_L,
        "text_encoder_2": CLIP_G,
        "vae": SMALL_VAE,
    },
)
FAMILIES = [
    Family(
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "unet",
        reads_clip=True,
        windows=True,
        vae_upcast=True,
        single_files={"xl_base": "sdxl"},
        layouts={"sdxl": _SIZE},
        known={
            "stabilityai/stable-diffusion-xl-base-1.0": _SIZE,
            "stabilityai/sdxl-turbo": _SIZE,
            "hub:ByteDance/SDXL-Lightning/sdxl_lightning_4step.safetensors": _SIZE,
            "hub:OnomaAIResearch/Illustrious-xl-early-release-v0/"
            "Illustrious-XL-v0.1.safetensors": _SIZE,
            "hub:Laxhar/noobai-XL-Vpred-1.0/NoobAI-XL-Vpred-v1.0.safetensors": _SIZE,
        },
    )
]
