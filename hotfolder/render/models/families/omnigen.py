"""OmniGen: Xiao 2024."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "OmniGenPipeline",
        refused="their reader of pictures needs torchvision, which hotfolder does without",
    )
]
