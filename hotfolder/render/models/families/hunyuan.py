"""Hunyuan-DiT: Li 2024."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("HunyuanDiTPipeline", tokenizer="tokenizer_2", tokens=256)]
