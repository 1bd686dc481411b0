"""GLM-Image, of Zhipu."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "GlmImagePipeline",
        refused="a language model of theirs plans each picture, and its reader of pictures needs "
        "torchvision, which hotfolder does without",
    )
]
