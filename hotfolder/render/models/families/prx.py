"""PRX, of Photoroom."""

from __future__ import annotations

from hotfolder.render.models.family import Family, scaled_latents

FAMILIES = [
    Family("PRXPipeline", encode=scaled_latents, tokens=256),
    Family("PRXPixelPipeline", refused="they have no autoencoder, which the memory plan relies on"),
]
