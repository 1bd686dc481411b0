"""GLM-Image, of Zhipu."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family(
        "GlmImagePipeline",
        refused="a language model of theirs writes each picture down first, for minutes in which "
        "nothing is told of its steps; choose CogView 4, of the same makers",
    )
]
