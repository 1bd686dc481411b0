"""OmniGen: Xiao 2024."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "OmniGenPipeline",
        refused="their image processor needs torchvision, which hotfolder does without",
    )
]
