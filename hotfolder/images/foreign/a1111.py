"""A1111's web UI, Forge and the many programs that write the same text.

Source: the wiki pages and `infotext_utils` of AUTOMATIC1111/stable-diffusion-webui.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from hotfolder.images import generation_params as words
from hotfolder.images import infotext
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

FALLBACK = True

_FORGE = re.compile(r"f\d|neo", re.IGNORECASE)
_LORA_LISTS = ("Lora weights", "Lora hashes", "LoRA hashes")
_NOT_PIXELS = ("Version", "Template", "Negative Template", "User", "Civitai metadata", *_LORA_LISTS)


def read(metadata: Metadata) -> GenerationParams | None:
    """What the text says; its LoRAs are taken out of the prompt, where they mean nothing to us."""
    text = words.parameters(metadata)
    said = infotext.parse(text) if text else None
    if said is None:
        return None
    prompt, loras = words.without_tags(said.prompt)
    negative, more = words.without_tags(said.negative_prompt)
    found = loras + more or _listed(said.others)
    return replace(
        said,
        program=_program(said.others.get("Version", "")),
        prompt=prompt,
        negative_prompt=negative,
        loras=words.loras(found),
        others={key: text for key, text in said.others.items() if key not in _NOT_PIXELS},
    )


def _program(version: str) -> str:
    if re.match(r"v?\d", version):
        return "A1111"
    if _FORGE.match(version):
        return "Forge"
    return version[:60] or "A1111"


def _listed(others: dict[str, str]) -> tuple[str, ...]:
    """The names in `Lora hashes: "ink: aa11, wash: bb22"`, where no tag gives weights."""
    text = next((others[key] for key in _LORA_LISTS if key in others), "")
    return words.loras(words.lora(pair.partition(":")[0]) for pair in text.split(",")[:100])
