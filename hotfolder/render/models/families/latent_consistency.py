"""Latent consistency models: Luo 2023."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "LatentConsistencyModelPipeline",
        "LatentConsistencyModelImg2ImgPipeline",
        "unet",
        reads_clip=True,
        windows=True,
        decodes_latents=False,
    )
]
