"""Stable Diffusion 1.x and 2.x: Rombach 2022."""

from __future__ import annotations

from hotfolder.render.models.family import CLIP_L, SMALL_VAE, Family, Size

_SIZE = Size(
    {
        "block_out_channels": [320, 640, 1280, 1280],
        "down_block_types": ["CrossAttnDownBlock2D"],
        "sample_size": 64,
    },
    {"unet": 859_520_964, "text_encoder": CLIP_L, "vae": SMALL_VAE},
)
FAMILIES = [
    Family(
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "unet",
        reads_clip=True,
        windows=True,
        single_files={"v1": "sd15", "v2": ""},
        layouts={"sd15": _SIZE},
        known={"stable-diffusion-v1-5/stable-diffusion-v1-5": _SIZE},
    )
]
