"""GLM-Image, of Zhipu."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "GlmImagePipeline",
        refused="their language model first writes out each picture, for minutes in which no "
        "steps are reported; choose CogView 4, by the same makers",
    )
]
