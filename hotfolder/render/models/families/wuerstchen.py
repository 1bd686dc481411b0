"""Stable Cascade: Pernias 2023."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "StableCascadeCombinedPipeline",
        refused="they are two models, of which the first draws what the second paints over",
    )
]
