"""Latent diffusion before Stable Diffusion: Rombach 2022."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "LDMTextToImagePipeline",
        refused="their pipeline does not report its steps; choose Stable Diffusion, its successor",
    )
]
