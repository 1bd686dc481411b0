"""FLUX.2 and Klein, of Black Forest Labs."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("Flux2Pipeline"), Family("Flux2KleinPipeline")]
