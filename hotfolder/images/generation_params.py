"""What another program says of its picture, in our terms, and how its values become ours.

Everything here was written by anyone: it is bounded, a value out of range is left out, and nothing
raises. Names of models and LoRAs are names: no path is kept of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from hotfolder.images import exif
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.recipe import MAX_AREA_PX, MAX_SIDE_PX, MAX_TEXT, MIN_SIDE_PX

PARAMETERS = "parameters"
MAX_JSON = 2**20
MAX_NAME = 256
MAX_LORAS = 64
MAX_STEPS = 1000
MAX_SEED = 2**64 - 1

_LORA_TAG = re.compile(r"<(?:lora|lyco|hypernet):([^<>:]{1,200})(?::([^<>]{0,60}))?>")
_WEIGHTS = re.compile(r"\.(?:safetensors|ckpt|pth?|bin|gguf|sft)$", re.IGNORECASE)


class GenerationParams(Struct, frozen=True, kw_only=True):
    """What a picture of another program says; None and "" are what it does not say in our terms.

    `scheduler` is a name from `recipes.schedulers`, `model` a bare name, `model_hash` hex digits of
    a SHA-256 in lower case, most often the first 10. `emphasis` is the rule by which the prompt's
    weights worked, where that is not A1111's. Sides are in px. `loras` read "NAME (WEIGHT)",
    `lora_hashes` are the first digits of the hashes of some, by name.
    `others` holds all else that it says and that decides pixels, as text. `unclear` is a sentence
    on why its prompt cannot be told, where there is one.
    """

    program: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    steps: int | None = None
    scheduler: str | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    strength: float | None = None
    emphasis: str = ""
    model: str = ""
    model_hash: str = ""
    loras: tuple[str, ...] = ()
    lora_hashes: dict[str, str] = {}
    others: dict[str, str] = {}
    unclear: str = ""


def parameters(metadata: Metadata) -> str | None:
    """The text that most programs write: a PNG's `parameters`, else EXIF's UserComment."""
    return metadata.text(PARAMETERS) or exif.user_comment(metadata.exif)


def json_object(text: str | None) -> dict[str, Any] | None:
    """The JSON object that `text` is; None if it is none, too long, or nested without end."""
    if not text or len(text) > MAX_JSON or not text.lstrip().startswith("{"):
        return None
    try:
        data = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def prompt(value: Any) -> str:
    """A prompt as text, stripped; "" for what is none or too long for a recipe."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return ""
    return value.encode("utf-8", "replace").decode().strip()


def name(value: Any) -> str:
    """The bare name of a model or LoRA: without folders and the ending of a file of weights."""
    if not isinstance(value, str):
        return ""
    last = re.split(r"[\\/]", value[-4 * MAX_NAME :].strip())[-1]
    return _WEIGHTS.sub("", last)[:MAX_NAME].encode("utf-8", "replace").decode()


def hexadecimal(value: Any) -> str:
    """The hex digits of a hash, lower case, without "0x"; "" for what is none."""
    text = value.strip().lower().removeprefix("0x") if isinstance(value, str) else ""
    return text if re.fullmatch(r"[0-9a-f]{8,64}", text) else ""


def whole(value: Any, low: int, high: int) -> int | None:
    """A whole number from `low` to `high`, also where it was written as text or as 20.0."""
    if isinstance(value, str) and re.fullmatch(
        r"[0-9]{1,20}(?:\.0{1,9})?", value.strip(), re.ASCII
    ):
        value = int(value.partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if low <= value <= high else None


def number(value: Any, low: float, high: float) -> float | None:
    """A number from `low` to `high`, also where it was written as text."""
    pattern = r"[0-9]{1,9}(?:\.[0-9]{0,30})?(?:e-?[0-9]{1,3})?"
    if isinstance(value, str) and re.fullmatch(pattern, value.strip(), re.ASCII):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None


def steps(value: Any) -> int | None:
    """A number of denoising steps that a recipe can have."""
    return whole(value, 1, MAX_STEPS)


def guidance(value: Any) -> float | None:
    """A guidance scale that a recipe can have."""
    return number(value, 0, 100)


def seed(value: Any) -> int | None:
    """A seed: other programs have up to 64 bits."""
    return whole(value, 0, MAX_SEED)


def sides(width: Any, height: Any) -> tuple[int | None, int | None]:
    """(width, height) in px that a recipe can have; (None, None) otherwise."""
    across, down = (whole(side, MIN_SIDE_PX, MAX_SIDE_PX) for side in (width, height))
    if across is None or down is None or across * down > MAX_AREA_PX:
        return None, None
    return across, down


def lora(named: Any, weight: Any = None) -> str:
    """A LoRA in words: "ink (0.8)"; "" for what is none."""
    bare = name(named)
    strength = weight if isinstance(weight, int | float | str) and bare else ""
    return f"{bare} ({str(strength)[:60]})" if strength not in ("", None) else bare


def loras(found: Iterable[str]) -> tuple[str, ...]:
    """The LoRAs of a picture: each once, and not more than anybody uses."""
    return tuple(dict.fromkeys(one for one in found if one))[:MAX_LORAS]


def without_tags(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` without `<lora:NAME:WEIGHT>` and its like, and what those named."""
    found = loras(lora(match[1], match[2] or "") for match in _LORA_TAG.finditer(text))
    if not found:
        return text, ()
    return re.sub(r",(?:\s*,)+", ",", _LORA_TAG.sub("", text)).strip(" ,\n"), found


def others(values: Mapping[str, Any]) -> dict[str, str]:
    """Values that have no place in a recipe, as short text; what says nothing is left out."""
    said: dict[str, str] = {}
    for key, value in list(values.items())[:200]:
        listed = value if isinstance(value, list) else [value]
        texts = [_short(item) for item in listed[:50]]
        if text := ", ".join(text for text in texts if text):
            said[key[:64]] = text
    return said


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int | float):
        return str(value)[:60]
    text = value.strip()[:1000] if isinstance(value, str) else ""
    return "" if text == "None" else text.encode("utf-8", "replace").decode()
