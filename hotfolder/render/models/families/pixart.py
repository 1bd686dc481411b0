"""PixArt-alpha and -sigma: Chen 2023, 2024."""

from __future__ import annotations

from hotfolder.render.models.family import Family, scaled_latents

FAMILIES = [
    Family("PixArtAlphaPipeline", encode=scaled_latents, tokens=120),
    Family("PixArtSigmaPipeline", encode=scaled_latents, tokens=300),
]
