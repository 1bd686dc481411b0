"""Stable unCLIP: Ramesh 2022."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "StableUnCLIPPipeline",
        refused="they are two models, of which the first draws what the second paints over",
    )
]
