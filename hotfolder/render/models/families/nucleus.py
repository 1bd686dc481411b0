"""Nucleus-Image, a mixture of experts."""

from __future__ import annotations

from typing import Any

from hotfolder.render.models.family import Family, film_latents, in_a_row, patches


def _packed(pipe: Any, picture: Any) -> Any:
    return in_a_row(patches(film_latents(pipe, picture)))


FAMILIES = [
    Family(
        "NucleusMoEImagePipeline",
        encode=_packed,
        tokenizer="processor",
        pairs=False,
        step_caches=("taylor",),
    )
]
