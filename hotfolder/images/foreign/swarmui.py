"""SwarmUI: JSON with `sui_image_params` where others write A1111's text.

Source: "Image Metadata Format" in mcmonkeyprojects/SwarmUI's documentation.
"""

from __future__ import annotations

import re
from typing import Any

from hotfolder.images import generation_params as words
from hotfolder.images import samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.prompt_syntax import swarmui as prompt_syntax

_PARTIAL = re.compile(r"<(?:segment|object|region):([^<>]{1,80})>")
_NOT_PIXELS = (
    "aspectratio",
    "swarm_version",
    "date",
    "generation_time",
    "automaticvae",
    "nopreviews",
)


def read(metadata: Metadata) -> GenerationParams | None:
    """What `sui_image_params` say. The hashes of `sui_models` are of tensors, not of files."""
    data = words.json_object(words.parameters(metadata)) or {}
    said = data.get("sui_image_params")
    if not isinstance(said, dict):
        return None
    said = {key: value for key, value in said.items() if key not in _NOT_PIXELS}
    written = words.prompt(said.pop("prompt", None))
    prompt, tagged = words.without_tags(_ours(written))
    scheduler = samplers.scheduler(said.get("sampler"), said.get("scheduler"))
    if scheduler is not None:
        said.pop("sampler")
        said.pop("scheduler", None)
    width, height = words.sides(said.pop("width", None), said.pop("height", None))
    return GenerationParams(
        program="SwarmUI",
        prompt=prompt,
        negative_prompt=_ours(words.prompt(said.pop("negativeprompt", None))),
        steps=words.steps(said.pop("steps", None)),
        scheduler=scheduler,
        guidance_scale=_guidance(said),
        seed=words.seed(said.pop("seed", None)),
        width=width,
        height=height,
        strength=words.number(said.pop("initimagecreativity", None), 0, 1),
        model=words.name(said.pop("model", None)),
        loras=words.loras((*_loras(said), *tagged)),
        others=words.others(said | {"for parts of the picture": _PARTIAL.findall(written)}),
    )


def _ours(text: str) -> str:
    """A prompt in our terms."""
    return words.prompt(prompt_syntax.ours(text)) or text


def _guidance(said: dict[str, Any]) -> float | None:
    """FLUX has its own guidance as an input; its cfg scale is 1 then."""
    plain = words.guidance(said.pop("cfgscale", None))
    distilled = words.guidance(said.pop("fluxguidancescale", None))
    return distilled if plain == 1 and distilled is not None else plain


def _loras(said: dict[str, Any]) -> list[str]:
    names, weights = _list(said.pop("loras", None)), _list(said.pop("loraweights", None))
    weights += [""] * len(names)
    return [words.lora(name, weight) for name, weight in zip(names, weights, strict=False)]


def _list(value: Any) -> list[Any]:
    """Older versions wrote lists as text with commas."""
    listed = value.split(",") if isinstance(value, str) else value
    return listed[: words.MAX_LORAS] if isinstance(listed, list) else []
