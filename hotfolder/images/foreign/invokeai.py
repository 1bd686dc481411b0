"""InvokeAI: JSON in `invokeai_metadata`, before version 3 in `sd-metadata`.

Source: `CoreMetadata` in the backend of invoke-ai/InvokeAI.
"""

from __future__ import annotations

import re
from typing import Any

from hotfolder.images import generation_params as words
from hotfolder.images import samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.prompt_syntax import invokeai as prompt_syntax

_NOT_PIXELS = ("app_version", "generation_mode", "rand_device")
_UNWANTED = re.compile(r"\[([^\[\]]*)\]")


def read(metadata: Metadata) -> GenerationParams | None:
    """What InvokeAI says, in either form."""
    if (data := words.json_object(metadata.text("invokeai_metadata"))) is not None:
        return _of_core(data)
    old = words.json_object(metadata.text("sd-metadata")) or {}
    image = old.get("image")
    return _of_old(old, image) if isinstance(image, dict) else None


def _of_core(said: dict[str, Any]) -> GenerationParams:
    said = {key: value for key, value in said.items() if key not in _NOT_PIXELS}
    width, height = words.sides(said.pop("width", None), said.pop("height", None))
    scheduler = samplers.scheduler(said.get("scheduler"))
    if scheduler is not None:
        said.pop("scheduler")
    model = said.pop("model", None)
    return GenerationParams(
        program="InvokeAI",
        prompt=_ours(said.pop("positive_prompt", None)),
        negative_prompt=_ours(said.pop("negative_prompt", None)),
        emphasis="compel",
        steps=words.steps(said.pop("steps", None)),
        scheduler=scheduler,
        guidance_scale=words.guidance(said.pop("cfg_scale", None)),
        seed=words.seed(said.pop("seed", None)),
        width=width,
        height=height,
        strength=words.number(said.pop("strength", None), 0, 1),
        model=_model(model),
        model_hash=_hash(model),
        loras=words.loras(_loras(said.pop("loras", None))),
        others=words.others(said),
    )


def _of_old(data: dict[str, Any], image: dict[str, Any]) -> GenerationParams:
    """Its prompt has what is not wanted in square brackets."""
    written = image.get("prompt")
    if isinstance(written, list):
        parts = [part.get("prompt") for part in written[:100] if isinstance(part, dict)]
        written = ", ".join(part for part in parts if isinstance(part, str))
    text = words.prompt(written)
    unwanted = [match.strip() for match in _UNWANTED.findall(text)]
    scheduler = samplers.scheduler(image.get("sampler"))
    width, height = words.sides(image.get("width"), image.get("height"))
    return GenerationParams(
        program="InvokeAI",
        prompt=_ours(_UNWANTED.sub("", text).strip(" ,")),
        negative_prompt=_ours(", ".join(part for part in unwanted if part)),
        emphasis="compel",
        steps=words.steps(image.get("steps")),
        scheduler=scheduler,
        guidance_scale=words.guidance(image.get("cfg_scale")),
        seed=words.seed(image.get("seed")),
        width=width,
        height=height,
        strength=words.number(image.get("strength"), 0, 1),
        model=words.name(data.get("model_weights")),
        model_hash=words.hexadecimal(data.get("model_hash")),
        others={} if scheduler else words.others({"sampler": image.get("sampler")}),
    )


def _ours(written: Any) -> str:
    """A prompt in our terms."""
    text = words.prompt(written)
    return words.prompt(prompt_syntax.ours(text)) or text


def _model(model: Any) -> str:
    """Version 3 wrote `model_name`, version 4 `name`."""
    if not isinstance(model, dict):
        return ""
    return words.name(model.get("name")) or words.name(model.get("model_name"))


def _hash(model: Any) -> str:
    """A SHA-256 only: most models have a BLAKE3 of their own kind."""
    written = model.get("hash") if isinstance(model, dict) else None
    if not isinstance(written, str) or not written.startswith("sha256:"):
        return ""
    return words.hexadecimal(written.removeprefix("sha256:"))


def _loras(listed: Any) -> list[str]:
    found = []
    for one in (listed if isinstance(listed, list) else [])[: words.MAX_LORAS]:
        if isinstance(one, dict):
            named = _model(one.get("model")) or _model(one.get("lora"))
            found.append(words.lora(named, one.get("weight")))
    return found
