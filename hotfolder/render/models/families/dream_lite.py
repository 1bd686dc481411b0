"""DreamLite."""

from __future__ import annotations

from hotfolder.render.models.family import Family

_NO_LATENTS = "their pipeline takes no latents and does not report its steps"
FAMILIES = [
    Family("DreamLitePipeline", refused=_NO_LATENTS),
    Family("DreamLiteMobilePipeline", refused=_NO_LATENTS),
]
