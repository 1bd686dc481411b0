"""Stable Cascade: Pernias 2023."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "StableCascadeCombinedPipeline",
        refused="they are two models, the second of which works on what the first draws",
    )
]
