"""HiDream-I1, of HiDream.ai."""

from __future__ import annotations

from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import Family, Shapes, Usual, scaled_latents


def _ready(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> None:
    """It scales every size to the area that it was trained at: let that be the canvas' own.

    The little that is added keeps its sides from being rounded down.
    """
    width, height = canvas
    pipe.default_sample_size = (width * height) ** 0.5 / pipe.vae_scale_factor * (1 + 1e-9)


def _recognises(shapes: Shapes) -> str:
    """Its own names are diffusers'."""
    return "hidream" if "double_stream_blocks.0.block.ff_i.gate.weight" in shapes else ""


FAMILIES = [
    Family(
        "HiDreamImagePipeline",
        words_behind=1,
        encode=scaled_latents,
        tokenizer="tokenizer_4",
        words_by="tokenizer_3",
        tokens=128,
        readers={"T5": "text_encoder_3"},
        ready=_ready,
        single_files={"hidream": "HiDream-ai/HiDream-I1-Dev"},
        recognises=_recognises,
        usual=(
            Usual(50, 5.0, "full", origin="HiDream-ai/HiDream-I1-Full"),
            Usual(16, 0.0, "fast", origin="HiDream-ai/HiDream-I1-Fast"),
            Usual(28, 0.0),
        ),
    )
]
