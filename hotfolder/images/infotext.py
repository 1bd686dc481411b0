"""The A1111 `parameters` text: prompt, `Negative prompt: ...`, and a last line of settings.

Text only; the containers put it into files. What is read here was written by anyone: it is
bounded, it never raises, and a value that is out of range is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from hotfolder import __version__
from hotfolder.images import generation_params
from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.recipe import MAX_TEXT, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS

MAX_INFOTEXT = 1_000_000
MAX_PAIRS = 200
FEWEST_PAIRS = 3
NEGATIVE = "Negative prompt:"

# What the usual form cannot say without doubt is repeated whole under these keys.
_WHOLE_PROMPT, _WHOLE_NEGATIVE = "Whole prompt", "Whole negative prompt"
_BELOW = ("Template:", "Negative Template:")
_DISTILLED = "Distilled CFG Scale"
_PAIR = re.compile(r'(\w[\w \-/]{0,63}):\s{0,4}("(?:\\.|[^\\"])*"(?=\s{0,4}(?:,|$))|[^,]*)')

# A1111 names the sampler and its noise schedule apart.
_WRITTEN: Mapping[str, tuple[str, str]] = {
    MODEL_OWN: ("", ""),
    "Euler trailing": ("Euler", "SGM Uniform"),
    "Euler Karras": ("Euler", "Karras"),
    "Euler exponential": ("Euler", "Exponential"),
    "Euler a trailing": ("Euler a", "SGM Uniform"),
    "DPM++ 2M Karras": ("DPM++ 2M", "Karras"),
    "DPM++ 2M SDE Karras": ("DPM++ 2M SDE", "Karras"),
    "PNDM": ("PLMS", ""),
}
_PLAIN_SCHEDULES = ("", "Automatic", "Uniform", "Normal")
_SCHEDULES = {"Simple": "SGM Uniform"}


def parse(text: str) -> GenerationParams | None:
    """What `text` says, or None if it does not end in a line of three or more pairs.

    `others` holds every pair that has no other place.
    """
    if len(text) > MAX_INFOTEXT:
        return None
    lines = text.strip().split("\n")
    while len(lines) > 1 and lines[-1].startswith(_BELOW):  # old dynamic-prompts
        lines.pop()
    above, last = "\n".join(lines[:-1]), lines[-1]
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
    guidance = generation_params.guidance(found.pop("CFG scale", ""))
    distilled = generation_params.guidance(found.get(_DISTILLED, ""))
    if guidance == 1 and distilled is not None:  # FLUX in Forge: guidance is an input of the model
        guidance = distilled
        found.pop(_DISTILLED)
    return GenerationParams(
        prompt=prompt,
        negative_prompt=negative,
        steps=generation_params.steps(found.pop("Steps", "")),
        scheduler=scheduler,
        guidance_scale=guidance,
        seed=generation_params.seed(found.pop("Seed", "")),
        width=width,
        height=height,
        strength=generation_params.number(found.pop("Denoising strength", ""), 0, 1),
        model=generation_params.name(found.pop("Model", "")),
        model_hash=generation_params.hexadecimal(found.pop("Model hash", "")),
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


def _sides(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    return generation_params.sides(match[1], match[2]) if match else (None, None)
