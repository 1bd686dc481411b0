"""NovelAI: JSON in a PNG's `Comment`, beside the prompt in `Description`.

Its pictures say the same once more in the lowest bits of their alpha; `images.stealth` reads those.
"""

from __future__ import annotations

from typing import Any

from hotfolder.images import generation_params as words
from hotfolder.images import samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

_NOT_PIXELS = ("signed_hash", "request_type", "n_samples", "extra_passthrough_testing")


def read(metadata: Metadata) -> GenerationParams | None:
    """What its comment says; version 4 has the prompts of persons apart, and they are added."""
    said = words.json_object(metadata.text("Comment"))
    signed = (metadata.text("Software") or "").startswith("NovelAI")
    if said is None or not (signed or {"uc", "sampler", "scale"} <= said.keys()):
        return None
    said = {key: value for key, value in said.items() if key not in _NOT_PIXELS}
    width, height = words.sides(said.pop("width", None), said.pop("height", None))
    sampler, schedule = said.get("sampler"), said.get("noise_schedule")
    scheduler = samplers.scheduler(sampler, schedule if schedule != "native" else "")
    if scheduler is not None:
        said.pop("sampler")
        said.pop("noise_schedule", None)
    plain = words.prompt(said.pop("prompt", None)) or words.prompt(metadata.text("Description"))
    unwanted = words.prompt(said.pop("uc", None))
    return GenerationParams(
        program="NovelAI",
        prompt=_with_persons(plain, said.pop("v4_prompt", None)),
        negative_prompt=_with_persons(unwanted, said.pop("v4_negative_prompt", None)),
        steps=words.steps(said.pop("steps", None)),
        scheduler=scheduler,
        guidance_scale=words.guidance(said.pop("scale", None)),
        seed=words.seed(said.pop("seed", None)),
        width=width,
        height=height,
        strength=words.number(said.pop("strength", None), 0, 1),
        model=words.name(metadata.text("Source")),
        others=words.others(said),
    )


def _with_persons(prompt: str, version_4: Any) -> str:
    caption = version_4.get("caption") if isinstance(version_4, dict) else None
    listed = caption.get("char_captions") if isinstance(caption, dict) else None
    persons = [
        words.prompt(one.get("char_caption"))
        for one in (listed if isinstance(listed, list) else [])[:20]
        if isinstance(one, dict)
    ]
    return ", ".join(part for part in (prompt, *persons) if part)
