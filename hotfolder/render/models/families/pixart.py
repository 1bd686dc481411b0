"""PixArt-alpha and -sigma: Chen 2023, 2024."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("PixArtAlphaPipeline", tokens=120), Family("PixArtSigmaPipeline", tokens=300)]
