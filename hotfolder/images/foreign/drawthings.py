"""Draw Things: JSON with short keys in EXIF's UserComment, or in the XMP packet's."""

from __future__ import annotations

from typing import Any

from hotfolder.images import exif, samplers, xmp
from hotfolder.images import generation_params as words
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

_COMMENT = "{http://ns.adobe.com/exif/1.0/}UserComment"
_NOT_PIXELS = ("v2", "profile")


def read(metadata: Metadata) -> GenerationParams | None:
    """What it says: `c` is the prompt, `uc` the negative one, `size` reads "512x512"."""
    in_xmp = xmp.properties(metadata.xmp).get(_COMMENT, ("",))[0]
    for text in (exif.user_comment(metadata.exif), in_xmp):
        said = words.json_object(text)
        if said is not None and {"c", "uc"} <= said.keys():
            return _of(said)
    return None


def _of(said: dict[str, Any]) -> GenerationParams:
    said = {key: value for key, value in said.items() if key not in _NOT_PIXELS}
    scheduler = samplers.scheduler(said.get("sampler"))
    if scheduler is not None:
        said.pop("sampler")
    size = said.pop("size", None)
    width, _, height = size.partition("x") if isinstance(size, str) else ("", "", "")
    strength = words.number(said.pop("strength", None), 0, 1)
    loras = said.pop("lora", None)
    listed = [one for one in loras if isinstance(one, dict)] if isinstance(loras, list) else []
    sides = words.sides(width, height)
    return GenerationParams(
        program="Draw Things",
        prompt=words.prompt(said.pop("c", None)),
        negative_prompt=words.prompt(said.pop("uc", None)),
        steps=words.steps(said.pop("steps", None)),
        scheduler=scheduler,
        guidance_scale=words.guidance(said.pop("scale", None)),
        seed=words.seed(said.pop("seed", None)),
        width=sides[0],
        height=sides[1],
        strength=None if strength == 1 else strength,
        model=words.name(said.pop("model", None)),
        loras=words.loras(words.lora(one.get("model"), one.get("weight")) for one in listed),
        others=words.others(said),
    )
