"""AuraFlow, of fal."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("AuraFlowPipeline", tokens=256)]
