"""DeepFloyd IF: Saharia 2022."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family("IFPipeline", refused="they draw at 64 px, which two more models enlarge in turn")
]
