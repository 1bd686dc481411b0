"""Kandinsky 3: Arkhipkin 2023."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("Kandinsky3Pipeline", "Kandinsky3Img2ImgPipeline", "unet", tokens=128)]
