"""FLUX.2 and Klein, of Black Forest Labs."""

from __future__ import annotations

from typing import Any

from hotfolder.render.models.family import QWEN3_4B, Family, Size


def _normalised_latents(pipe: Any, picture: Any) -> Any:
    """Latents in patches of 2x2, by the running mean and variance of the autoencoder's norm."""
    return pipe._encode_vae_image(picture, None)


FAMILIES = [
    Family("Flux2Pipeline", encode=_normalised_latents, tokens=512, pairs=False),
    Family(
        "Flux2KleinPipeline",
        encode=_normalised_latents,
        tokens=512,
        pairs=False,
        known={
            "black-forest-labs/FLUX.2-klein-4B": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {"transformer": 3_875_544_576, "text_encoder": QWEN3_4B, "vae": 84_046_115},
            )
        },
    ),
    Family("Flux2KleinKVPipeline", refused="they are for changing pictures by other pictures"),
]
