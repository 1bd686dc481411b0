"""FLUX.2 and Klein, of Black Forest Labs."""

from __future__ import annotations

from typing import Any

from hotfolder.render.models.family import QWEN3_4B, Family, Shapes, Size, Usual


def _normalised_latents(pipe: Any, picture: Any) -> Any:
    """Latents in patches of 2x2, by the running mean and variance of the autoencoder's norm."""
    return pipe._encode_vae_image(picture, None)


def _recognises(shapes: Shapes) -> str:
    """Klein reads no guidance scale; its two sizes differ in width."""
    marks = ("single_stream_modulation.lin.weight", "single_stream_modulation.linear.weight")
    if not any(mark in shapes for mark in marks):
        return ""
    if any("guidance_in." in name or "guidance_embedder" in name for name in shapes):
        return "flux-2-dev"
    width = next((shapes[n][0] for n in ("img_in.weight", "x_embedder.weight") if n in shapes), 0)
    return "flux-2-klein-9b" if width >= _WIDTH_9B else "flux-2-klein-4b"


_WIDTH_9B = 4096
FAMILIES = [
    Family(
        "Flux2Pipeline",
        encode=_normalised_latents,
        tokens=512,
        pairs=False,
        single_files={"flux-2-dev": "black-forest-labs/FLUX.2-dev"},
        usual=(Usual(28, 4.0),),
        step_caches=("taylor",),
    ),
    Family(
        "Flux2KleinPipeline",
        encode=_normalised_latents,
        tokens=512,
        pairs=False,
        single_files={
            "flux-2-klein-4b": "black-forest-labs/FLUX.2-klein-4B",
            "flux-2-klein-9b": "black-forest-labs/FLUX.2-klein-9B",
        },
        recognises=_recognises,
        usual=(Usual(28, 4.0, "base"), Usual(4, 1.0)),
        known={
            "black-forest-labs/FLUX.2-klein-4B": Size(
                {"num_attention_heads": 24, "attention_head_dim": 128},
                {"transformer": 3_875_544_576, "text_encoder": QWEN3_4B, "vae": 84_046_115},
            )
        },
        step_caches=("taylor",),
    ),
    Family("Flux2KleinKVPipeline", refused="they edit pictures with the help of other pictures"),
]
