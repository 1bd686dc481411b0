"""Cosmos Predict 2, of NVIDIA."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "Cosmos2TextToImagePipeline",
        refused="they draw only with a filter of NVIDIA's that is no part of hotfolder",
    )
]
