"""`<lora:name:weight>` and other tags in angle brackets, which are no words of a prompt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_LORAS = 64
MOST_SCALE = 10.0

_TAG = re.compile(r"<(\w{1,20}):([^<>]{1,400})>")
_LORAS = ("lora", "lyco")
_WORDS = ("embed", "embedding", "ti")
_EMBEDDING = re.compile(  # as ComfyUI names them
    r"\bembedding:\s?([\w.-]{1,200}?)(?:\.(?:pt|bin|safetensors))?(?![\w.-])"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


@dataclass(frozen=True, slots=True)
class LoraTag:
    """A LoRA as a prompt names it. `text_scale` is for the text encoders; None: as `scale`."""

    name: str
    scale: float = 1.0
    text_scale: float | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text without its tags. `notes` are half sentences about those that have no meaning here."""

    text: str
    loras: tuple[LoraTag, ...] = ()
    notes: tuple[str, ...] = ()


def take(text: str) -> Tagged:
    """The text without what its tags say; tags that have no meaning here stay as they are."""
    loras: dict[str, LoraTag] = {}
    notes: list[str] = []

    def taken(match: re.Match[str]) -> str:
        kind, says = match[1].lower(), match[2]
        if kind in _WORDS:
            return says
        if kind not in _LORAS:
            notes.append(
                f"{_short(match[0])} is not a tag that hotfolder knows, so it is read as words"
            )
            return match[0]
        tag, wrong = _lora(says)
        if wrong:
            notes.append(f"{_short(match[0])}: {wrong}")
        if tag.name in loras or len(loras) == MOST_LORAS:
            notes.append(f"{_short(match[0])}: only the first tag of a LoRA counts")
        elif tag.name:
            loras[tag.name] = tag
        return ""

    bare = _EMBEDDING.sub(r"\1", _TAG.sub(taken, text))
    return Tagged(bare, tuple(loras.values()), tuple(notes))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with other names for the LoRAs in `names`, which maps old ones to new ones."""

    def given(match: re.Match[str]) -> str:
        old, colon, rest = match[2].partition(":")
        new = names.get(old.strip()) if match[1].lower() in _LORAS else None
        return f"<{match[1]}:{new}{colon}{rest}>" if new else match[0]

    return _TAG.sub(given, text) if names else text


def _lora(says: str) -> tuple[LoraTag, str]:
    """The LoRA of a tag's text `name:weight`, `name:unet:te` or `name:te=0.5:unet=1`."""
    name, *rest = (part.strip() for part in says.split(":"))
    given = {key.strip().lower(): value for key, _, value in (one.partition("=") for one in rest)}
    plain = [one for one in rest if "=" not in one]
    written = {
        "unet": given.get("unet", plain[0] if plain else "1"),
        "te": given.get("te", plain[1] if len(plain) > 1 else ""),
    }
    numbers: dict[str, float | None] = {"unet": 1.0, "te": None}
    for key, value in written.items():
        number = float(value) if _NUMBER.fullmatch(value) else math.nan
        if abs(number) <= MOST_SCALE:
            numbers[key] = number + 0.0
        elif value:
            return LoraTag(name), (
                f"expected a weight from -{MOST_SCALE:g} to {MOST_SCALE:g}, as in "
                f"<lora:{name}:0.8>; 1 is taken"
            )
    scale, text_scale = numbers["unet"] or 0.0, numbers["te"]
    return LoraTag(name, scale, None if text_scale == scale else text_scale), ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
