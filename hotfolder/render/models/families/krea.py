"""Krea 2."""

from __future__ import annotations

from hotfolder.render.models.family import Family

FAMILIES = [Family("Krea2Pipeline")]
