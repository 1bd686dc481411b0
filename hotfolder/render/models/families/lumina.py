"""Lumina-Next and Lumina-Image 2: Zhuo 2024, Qin 2025."""

from __future__ import annotations

from hotfolder.render.models.family import Family, Usual, scaled_latents

FAMILIES = [
    Family("LuminaPipeline", encode=scaled_latents, tokens=256),
    Family(
        "Lumina2Pipeline",
        encode=scaled_latents,
        tokens=256,
        single_files={"lumina2": "Alpha-VLLM/Lumina-Image-2.0"},
        usual=(Usual(30, 4.0),),
    ),
]
