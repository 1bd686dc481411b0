"""Easy Diffusion: a PNG's text for each setting, or one JSON object in UserComment."""

from __future__ import annotations

import re
from typing import Any

from hotfolder.images import exif, samplers
from hotfolder.images import generation_params as words
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

_KEYS = ("prompt", "negativeprompt", "seed", "stablediffusionmodel", "steps", "numinferencesteps")
_MODEL = ("usestablediffusionmodel", "stablediffusionmodel")
_TOGETHER = ("samplername", "sampler"), ("guidancescale",), ("numinferencesteps", "steps")
_NOT_PIXELS = ("outputformat", "outputquality", "outputlossless", "metadataoutputformat")


def read(metadata: Metadata) -> GenerationParams | None:
    """What its settings say; their keys are spelled in two ways, "Guidance Scale" and with _."""
    written = words.json_object(exif.user_comment(metadata.exif)) or dict(metadata.texts[:200])
    said = {_letters(key): value for key, value in written.items()}
    if "prompt" not in said or not any(key in said for key in _MODEL):
        return None
    if sum(key in said for key in _KEYS) < 3:
        return None
    return _of(said)


def _of(said: dict[str, Any]) -> GenerationParams:
    samplers_, guidance, steps = (_first(said, keys) for keys in _TOGETHER)
    scheduler = samplers.scheduler(samplers_)
    width, height = words.sides(said.pop("width", None), said.pop("height", None))
    prompt, loras = words.without_tags(words.prompt(said.pop("prompt", None)))
    used = said.pop("useloramodel", None)
    weight = said.pop("loraalpha", None)
    if isinstance(used, str):
        loras = (*loras, words.lora(used, weight))
    rest = {key: value for key, value in said.items() if key not in (*_KEYS, *_MODEL, *_NOT_PIXELS)}
    return GenerationParams(
        program="Easy Diffusion",
        prompt=prompt,
        negative_prompt=words.prompt(said.get("negativeprompt")),
        steps=words.steps(steps),
        scheduler=scheduler,
        guidance_scale=words.guidance(guidance),
        seed=words.seed(said.get("seed")),
        width=width,
        height=height,
        strength=words.number(rest.pop("promptstrength", None), 0, 1),
        model=words.name(_first(said, _MODEL)),
        loras=words.loras(loras),
        others=words.others({**rest, **({} if scheduler else {"sampler": samplers_})}),
    )


def _first(said: dict[str, Any], keys: tuple[str, ...]) -> Any:
    values = [said.pop(key) for key in keys if key in said]
    return values[0] if values else None


def _letters(key: str) -> str:
    return re.sub(r"[\W_]+", "", key.lower())
