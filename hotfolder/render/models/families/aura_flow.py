"""AuraFlow, of fal."""

from __future__ import annotations

from hotfolder.render.models.family import Family, Shapes, Usual, scaled_latents


def _recognises(shapes: Shapes) -> str:
    """By diffusers' names."""
    marks = {"register_tokens", "joint_transformer_blocks.0.attn.add_q_proj.weight"}
    return "auraflow" if marks <= shapes.keys() else ""


FAMILIES = [
    Family(
        "AuraFlowPipeline",
        encode=scaled_latents,
        tokens=256,
        single_files={"auraflow": "fal/AuraFlow-v0.3"},
        recognises=_recognises,
        usual=(Usual(30, 3.5),),
    )
]
