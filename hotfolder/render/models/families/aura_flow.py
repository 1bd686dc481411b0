"""AuraFlow, of fal."""

from __future__ import annotations

from hotfolder.render.models.family import Family, scaled_latents

FAMILIES = [Family("AuraFlowPipeline", encode=scaled_latents, tokens=256)]
