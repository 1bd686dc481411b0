"""Lumina-Next and Lumina-Image 2: Zhuo 2024, Qin 2025."""

from __future__ import annotations

from hotfolder.render.models.family import Family, Shapes, Usual, scaled_latents


def _recognises(shapes: Shapes) -> str:
    """By diffusers' names."""
    marks = {"time_caption_embed.caption_embedder.0.weight", "layers.0.attn.to_q.weight"}
    return "lumina2" if marks <= shapes.keys() else ""


FAMILIES = [
    Family("LuminaPipeline", encode=scaled_latents, tokens=256),
    Family(
        "Lumina2Pipeline",
        encode=scaled_latents,
        tokens=256,
        single_files={"lumina2": "Alpha-VLLM/Lumina-Image-2.0"},
        recognises=_recognises,
        usual=(Usual(30, 4.0),),
    ),
]
