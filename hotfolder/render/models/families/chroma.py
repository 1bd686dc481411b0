"""Chroma, made of FLUX.1 schnell by Lodestone Rock."""

from __future__ import annotations

from hotfolder.render.models.family import LARGE_VAE, T5_XXL, Family, Shapes, Size, Usual


def _recognises(shapes: Shapes) -> str:
    """Only Chroma has guidance distilled into a layer of its own."""
    return "chroma" if "distilled_guidance_layer.in_proj.weight" in shapes else ""


FAMILIES = [
    Family(
        "ChromaPipeline",
        "ChromaImg2ImgPipeline",
        step_caches=("taylor",),
        tokens=512,
        single_files={"chroma": "lodestones/Chroma1-HD"},
        recognises=_recognises,
        usual=(Usual(8, 1.0, "flash"), Usual(40, 3.0)),
        known={
            "lodestones/Chroma1-HD": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {"transformer": 8_899_983_424, "text_encoder": T5_XXL, "vae": LARGE_VAE},
            )
        },
    )
]
