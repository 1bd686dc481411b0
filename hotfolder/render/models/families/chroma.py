"""Chroma, made of FLUX.1 schnell by Lodestone Rock."""

from __future__ import annotations

from hotfolder.render.models.family import LARGE_VAE, T5_XXL, Family, Size

FAMILIES = [
    Family(
        "ChromaPipeline",
        "ChromaImg2ImgPipeline",
        tokens=512,
        single_files={"chroma": ""},
        known={
            "lodestones/Chroma1-HD": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {"transformer": 8_899_983_424, "text_encoder": T5_XXL, "vae": LARGE_VAE},
            )
        },
    )
]
