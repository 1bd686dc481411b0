"""Krea 2."""

from __future__ import annotations

from typing import Any

from hotfolder.render.models.family import (
    QWEN3_VL_4B,
    QWEN_VAE,
    Family,
    Shapes,
    Size,
    Usual,
    film_latents,
    in_a_row,
    patches,
)


def _packed(pipe: Any, picture: Any) -> Any:
    return in_a_row(patches(film_latents(pipe, picture)))


def _recognises(shapes: Shapes) -> str:
    """By its makers' names, and by diffusers'."""
    marks = {"txtfusion.projector.weight", "text_fusion.projector.weight"}
    return "krea2" if marks & shapes.keys() else ""


FAMILIES = [
    Family(
        "Krea2Pipeline",
        encode=_packed,
        tokens=512,
        pairs=False,
        single_files={"krea2": "krea/Krea-2-Turbo"},
        recognises=_recognises,
        usual=(Usual(28, 4.5, "raw|base", origin="krea/Krea-2-Raw"), Usual(8, 0.0)),
        known={
            "krea/Krea-2-Turbo": Size(
                {"num_attention_heads": 48, "attention_head_dim": 128},
                {"transformer": 12_820_073_036, "text_encoder": QWEN3_VL_4B, "vae": QWEN_VAE},
            )
        },
    )
]
