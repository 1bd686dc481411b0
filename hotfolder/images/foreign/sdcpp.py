"""stable-diffusion.cpp: A1111's text with names of its own for samplers.

Source: `get_image_params` in the command line of leejet/stable-diffusion.cpp.
"""

from __future__ import annotations

from msgspec.structs import replace

from hotfolder.images import generation_params as words
from hotfolder.images import infotext, samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

SIGNATURE = "stable-diffusion.cpp"

_NOT_PIXELS = ("Version", "RNG", "Guidance", "Eta")


def read(metadata: Metadata) -> GenerationParams | None:
    """What the text says, if stable-diffusion.cpp has signed it."""
    text = words.parameters(metadata)
    said = infotext.parse(text) if text and SIGNATURE in text else None
    if said is None or not said.others.get("Version", "").startswith(SIGNATURE):
        return None
    prompt, loras = words.without_tags(said.prompt)
    others = dict(said.others)
    sampler = said.scheduler or samplers.scheduler(
        others.get("Sampler", "").removesuffix(" discrete")
    )
    if sampler is not None:
        others.pop("Sampler", None)
    distilled = words.guidance(others.get("Guidance"))
    plain = said.guidance_scale
    return replace(
        said,
        program=SIGNATURE,
        prompt=prompt,
        scheduler=sampler,
        guidance_scale=distilled if plain == 1 and distilled is not None else plain,
        model=said.model or words.name(others.pop("Unet", "")),
        loras=loras,
        others={key: text for key, text in others.items() if key not in _NOT_PIXELS},
    )
