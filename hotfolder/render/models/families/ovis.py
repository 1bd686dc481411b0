"""Ovis-Image, of AIDC."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("OvisImagePipeline", tokens=256)]
