"""The A1111 `parameters` text: prompt, `Negative prompt: ...`, and a last line of settings.

Text only; the containers put it into files. What is read here was written by anyone: it is
bounded, it never raises, and a value that is out of range is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgspec import Struct

from hotfolder import __version__
from hotfolder.recipes.recipe import MAX_AREA_PX, MAX_SIDE_PX, MAX_TEXT, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS

MAX_INFOTEXT = 1_000_000
MAX_PAIRS = 200
FEWEST_PAIRS = 3
NEGATIVE = "Negative prompt:"

# What the usual form cannot say without doubt is repeated whole under these keys.
_WHOLE_PROMPT, _WHOLE_NEGATIVE = "Whole prompt", "Whole negative prompt"
_PAIR = re.compile(r'(\w[\w \-/]{0,63}):\s{0,4}("(?:\\.|[^\\"])*"(?=\s{0,4}(?:,|$))|[^,]*)')

# A1111 names the sampler and its noise schedule apart.
_WRITTEN: Mapping[str, tuple[str, str]] = {
    MODEL_OWN: ("", ""),
    "Euler trailing": ("Euler", "SGM Uniform"),
    "Euler a trailing": ("Euler a", "SGM Uniform"),
    "DPM++ 2M Karras": ("DPM++ 2M", "Karras"),
    "DPM++ 2M SDE Karras": ("DPM++ 2M SDE", "Karras"),
    "PNDM": ("PLMS", ""),
}
_PLAIN_SCHEDULES = ("", "Automatic", "Uniform", "Normal")
_SCHEDULES = {"Simple": "SGM Uniform"}


class Infotext(Struct, frozen=True, kw_only=True):
    """What an A1111 text says. Sides are in px; None is what it does not say in our terms.

    `scheduler` is a name from `recipes.schedulers`. `model_hash` is the first 10 hex digits of the
    model file's SHA-256. `others` holds every other pair, as text.
    """

    prompt: str
    negative_prompt: str = ""
    steps: int | None = None
    scheduler: str | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    strength: float | None = None
    model: str = ""
    model_hash: str = ""
    others: dict[str, str] = {}


def parse(text: str) -> Infotext | None:
    """What `text` says, or None if it does not end in a line of three or more pairs."""
    if len(text) > MAX_INFOTEXT:
        return None
    above, _, last = text.strip().rpartition("\n")
    found = pairs(last)
    if len(found) < FEWEST_PAIRS:
        return None
    prompt, negative = split(above)
    prompt = found.pop(_WHOLE_PROMPT, prompt)
    negative = found.pop(_WHOLE_NEGATIVE, negative)
    if len(prompt) > MAX_TEXT or len(negative) > MAX_TEXT:
        return None
    width, height = _sides(found.pop("Size", ""))
    scheduler = _scheduler(found.get("Sampler", ""), found.get("Schedule type", ""))
    if scheduler:
        found.pop("Sampler")
        found.pop("Schedule type", None)
    return Infotext(
        prompt=prompt,
        negative_prompt=negative,
        steps=_whole(found.pop("Steps", ""), 1, 1000),
        scheduler=scheduler,
        guidance_scale=_number(found.pop("CFG scale", ""), 0, 100),
        seed=_whole(found.pop("Seed", ""), 0, 2**63 - 1),
        width=width,
        height=height,
        strength=_number(found.pop("Denoising strength", ""), 0, 1),
        model=found.pop("Model", ""),
        model_hash=found.pop("Model hash", ""),
        others=found,
    )


def write(recipe: Recipe, record: Record) -> str:
    """The A1111 text of a picture; `parse` gives the same prompts and settings back."""
    sampler, schedule = _WRITTEN.get(recipe.scheduler, (recipe.scheduler, ""))
    settings = {
        "Steps": str(recipe.steps),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{recipe.guidance_scale!r}".removesuffix(".0"),
        "Seed": str(recipe.seed),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": record.model_sha256[:10],
        "Model": recipe.model,
        "Denoising strength": "" if recipe.strength is None else f"{recipe.strength!r}",
        "RNG": "CPU",
        "Template": record.template if record.template != recipe.prompt else "",
        "Version": f"hotfolder {__version__}",
    }
    above = recipe.prompt
    if recipe.negative_prompt:
        above += f"\n{NEGATIVE} {recipe.negative_prompt}"
    line = ", ".join(f"{key}: {_quoted(value)}" for key, value in settings.items() if value)
    if split(above.strip()) != (recipe.prompt, recipe.negative_prompt):
        line += f", {_WHOLE_PROMPT}: {_quoted(recipe.prompt)}"
        line += f", {_WHOLE_NEGATIVE}: {_quoted(recipe.negative_prompt)}"
    return f"{above}\n{line}"


def split(text: str) -> tuple[str, str]:
    """(prompt, negative prompt) of the lines above the settings."""
    prompt: list[str] = []
    negative: list[str] = []
    part = prompt
    for line in text.split("\n"):
        if part is prompt and line.lstrip().startswith(NEGATIVE):
            part = negative
            part.append(line.lstrip().removeprefix(NEGATIVE))
        else:
            part.append(line)
    return "\n".join(prompt).strip(), "\n".join(negative).strip()


def pairs(line: str) -> dict[str, str]:
    """The `Key: value` pairs of a line of settings; of a key given twice, the first."""
    found: dict[str, str] = {}
    for match in _PAIR.finditer(line):
        if len(found) >= MAX_PAIRS:
            break
        found.setdefault(match[1], _unquoted(match[2].strip()))
    return found


def _quoted(value: str) -> str:
    plain = value and value == value.strip() and not re.search(r'[,:\n"]', value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    try:
        text = json.loads(value)
    except ValueError:
        return value
    return text if isinstance(text, str) else value


def _scheduler(sampler: str, schedule: str) -> str | None:
    """Our name of a sampler and its noise schedule, if it is one that we know."""
    schedule = "" if schedule in _PLAIN_SCHEDULES else _SCHEDULES.get(schedule, schedule)
    for ours, theirs in _WRITTEN.items():
        if sampler and theirs == (sampler, schedule):
            return ours
    if not schedule and sampler in SCHEDULERS and sampler != MODEL_OWN:
        return sampler
    return None


def _whole(text: str, low: int, high: int) -> int | None:
    if not re.fullmatch(r"[0-9]{1,20}", text):
        return None
    return int(text) if low <= int(text) <= high else None


def _number(text: str, low: float, high: float) -> float | None:
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{0,30})?(?:e-?[0-9]{1,3})?", text):
        return None
    return float(text) if low <= float(text) <= high else None


def _sides(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    if not match:
        return None, None
    width, height = int(match[1]), int(match[2])
    fits = all(16 <= side <= MAX_SIDE_PX for side in (width, height))
    return (width, height) if fits and width * height <= MAX_AREA_PX else (None, None)
