"""CogView 3 and 4: Zheng 2024."""

from __future__ import annotations

from hotfolder.render.models.family import Family, scaled_latents

FAMILIES = [
    Family("CogView3PlusPipeline", encode=scaled_latents, tokens=224),
    Family(
        "CogView4Pipeline",
        encode=scaled_latents,
        tokens=1024,
        step_caches=("first-block", "taylor"),
    ),
]
