"""Fooocus: JSON or A1111's text in `parameters`, and beside it which of the two.

Source: `modules/meta_parser.py` of lllyasviel/Fooocus. Where it has Python's literals, as in
"(1024, 768)", it evaluates them; here only what looks exactly like that is read.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from hotfolder.images import generation_params as words
from hotfolder.images import infotext, samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

_PAIR = re.compile(r"\(\s*['\"]?(\d{1,5})['\"]?\s*,\s*['\"]?(\d{1,5})['\"]?\s*\)", re.ASCII)
_NOT_PIXELS = ("full_prompt", "full_negative_prompt", "metadata_scheme", "version", "created_by")
_TAKEN = ("Version", "User", "Raw prompt", "Raw negative prompt", "Lora hashes", "Lora weights")


def read(metadata: Metadata) -> GenerationParams | None:
    """What Fooocus says, in either scheme: the prompt as it was typed, before its styles."""
    text = words.parameters(metadata)
    if (data := words.json_object(text)) is not None:
        ours = metadata.text("fooocus_scheme") or {"base_model", "metadata_scheme"} & data.keys()
        return _of_json(data) if ours and "sui_image_params" not in data else None
    said = infotext.parse(text) if text else None
    if said is None or not said.others.get("Version", "").startswith("Fooocus"):
        return None
    return _of_text(said)


def _of_json(said: dict[str, Any]) -> GenerationParams:
    said = {key: value for key, value in said.items() if key not in _NOT_PIXELS}
    scheduler = samplers.scheduler(said.get("sampler"), said.get("scheduler"))
    if scheduler is not None:
        said.pop("sampler")
        said.pop("scheduler", None)
    width, height = _sides(said.pop("resolution", None))
    return GenerationParams(
        program="Fooocus",
        prompt=words.prompt(said.pop("prompt", None)),
        negative_prompt=words.prompt(said.pop("negative_prompt", None)),
        steps=words.steps(said.pop("steps", None)),
        scheduler=scheduler,
        guidance_scale=words.guidance(said.pop("guidance_scale", None)),
        seed=words.seed(said.pop("seed", None)),
        width=width,
        height=height,
        model=words.name(said.pop("base_model", None)),
        model_hash=words.hexadecimal(said.pop("base_model_hash", None)),
        loras=words.loras(_loras(said)),
        others=words.others(said),
    )


def _of_text(said: GenerationParams) -> GenerationParams:
    others = said.others
    weights = others.get("Lora weights", "").split(",")[: words.MAX_LORAS]
    pairs = [pair.partition(":") for pair in weights]
    return replace(
        said,
        program="Fooocus",
        prompt=words.prompt(others.get("Raw prompt")) or said.prompt,
        negative_prompt=words.prompt(others.get("Raw negative prompt")) or said.negative_prompt,
        loras=words.loras(words.lora(name, weight.strip()) for name, _, weight in pairs),
        others={key: text for key, text in others.items() if key not in _TAKEN},
    )


def _sides(resolution: Any) -> tuple[int | None, int | None]:
    match = _PAIR.fullmatch(resolution.strip()) if isinstance(resolution, str) else None
    return words.sides(match[1], match[2]) if match else (None, None)


def _loras(said: dict[str, Any]) -> list[str]:
    """`loras` is a list of [name, weight, hash]; older versions had `lora_combined_1` and so on."""
    listed, older = said.pop("loras", None), []
    for key in [key for key in said if key.startswith("lora_combined_")]:
        combined = said.pop(key)
        if isinstance(combined, str):
            name, _, weight = combined.rpartition(" : ")
            older.append(words.lora(name.rpartition(" : ")[2], weight))
    found = [
        words.lora(one[0], one[1])
        for one in (listed if isinstance(listed, list) else [])[: words.MAX_LORAS]
        if isinstance(one, list) and len(one) >= 2
    ]
    return found or older
