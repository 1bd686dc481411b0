"""Chroma, made of FLUX.1 schnell by Lodestone Rock."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [
    Family("ChromaPipeline", "ChromaImg2ImgPipeline", tokens=512, single_files={"chroma": ""})
]
