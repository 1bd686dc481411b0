"""AuraFlow, of fal."""

from __future__ import annotations

from hotfolder.render.models.family import Family, Usual, scaled_latents

FAMILIES = [
    Family(
        "AuraFlowPipeline",
        encode=scaled_latents,
        tokens=256,
        single_files={"auraflow": "fal/AuraFlow-v0.3"},
        usual=(Usual(30, 3.5),),
    )
]
