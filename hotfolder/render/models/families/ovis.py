"""Ovis-Image, of AIDC."""

from __future__ import annotations

from typing import Any

from hotfolder.render.models.family import Family, in_a_row, patches, scaled_latents


def _packed(pipe: Any, picture: Any) -> Any:
    return in_a_row(patches(scaled_latents(pipe, picture)))


FAMILIES = [
    Family("OvisImagePipeline", encode=_packed, tokens=256, pairs=False, step_caches=("taylor",))
]
