"""Cosmos Predict 2, of NVIDIA."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "Cosmos2TextToImagePipeline",
        refused="they require a safety filter by NVIDIA that hotfolder does not include",
    )
]
