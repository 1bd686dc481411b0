"""PRX, of Photoroom."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("PRXPipeline")]
