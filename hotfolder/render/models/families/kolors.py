"""Kolors, of Kuaishou."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("KolorsPipeline", "KolorsImg2ImgPipeline", "unet", windows=True)]
