"""The A1111 `parameters` text: prompt, `Negative prompt: ...`, and a line of settings.

One reader for what A1111, Forge, SD.Next, CivitAI and the many programs after them write, in
pictures and in what people paste. Text only; the containers put it into files. What is read here
was written by anyone: it is bounded, it never raises, and a value out of range is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from hotfolder import __version__
from hotfolder.images import generation_params, samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.infotext_lines import DISTILLED, pairs, settings_start, split, tidied
from hotfolder.recipes.recipe import MAX_TEXT, Recipe
from hotfolder.recipes.record import Record

T = TypeVar("T")
MAX_INFOTEXT = 1_000_000

# What the usual form cannot say without doubt is repeated whole under these keys.
_WHOLE_PROMPT, _WHOLE_NEGATIVE = "Whole prompt", "Whole negative prompt"

_SIZE = re.compile(r"([0-9]{1,5})\s?[x\u00d7*]\s?([0-9]{1,5})", re.IGNORECASE)
_FORGE = re.compile(r"f\d+\.\d|neo", re.IGNORECASE)
_LORA_HASHES = ("Lora hashes", "LoRA hashes")
_LORA_LISTS = ("Lora weights", *_LORA_HASHES)
_RESOURCES = "Civitai resources"
_NOT_PIXELS = (
    *("Version", "Template", "Negative Template", "User", "App", "Hashes", "Created Date"),
    *("Civitai metadata", _RESOURCES, *_LORA_LISTS),
)


def parse(text: str) -> GenerationParams | None:
    """What `text` says; None for one that is empty or too long for a recipe.

    The last line that holds settings ends the prompts, and what stands below it is passed over:
    templates, "Time taken", extensions. A text without settings is a prompt. `others` holds every
    pair that has no other place.
    """
    if len(text) > MAX_INFOTEXT:
        return None
    above, line = _parted(text)
    found = pairs(line)
    prompt, negative = split(above)
    prompt = found.pop(_WHOLE_PROMPT, prompt)
    negative = found.pop(_WHOLE_NEGATIVE, negative)
    if len(prompt) > MAX_TEXT or len(negative) > MAX_TEXT or not (prompt or negative or found):
        return None
    width, height = _sides(found)
    scheduler = samplers.scheduler(found.get("Sampler"), found.get("Schedule type"))
    if scheduler:
        found.pop("Sampler")
        found.pop("Schedule type", None)
    guidance = _taken(found, "CFG scale", generation_params.guidance)
    distilled = generation_params.guidance(found.get(DISTILLED, ""))
    if guidance == 1 and distilled is not None:  # FLUX in Forge: guidance is an input of the model
        guidance = distilled
        found.pop(DISTILLED)
    return GenerationParams(
        prompt=prompt,
        negative_prompt=negative,
        steps=_taken(found, "Steps", generation_params.steps),
        scheduler=scheduler,
        guidance_scale=guidance,
        seed=_taken(found, "Seed", generation_params.seed),
        width=width,
        height=height,
        strength=_taken(found, "Denoising strength", _share),
        model=generation_params.name(found.pop("Model", "")),
        model_hash=generation_params.hexadecimal(found.pop("Model hash", "")),
        others=found,
    )


def read(text: str) -> GenerationParams | None:
    """As `parse`, with the program by its name, and LoRAs by theirs instead of tags in the prompt.

    What decides no pixels is left out of `others`.
    """
    from msgspec.structs import replace

    said = parse(text)
    if said is None:
        return None
    prompt, tagged = generation_params.without_tags(said.prompt)
    negative, more = generation_params.without_tags(said.negative_prompt)
    others = dict(said.others)
    resources = _resources(others)
    if more:
        others["LoRAs of the negative prompt"] = ", ".join(more)
    loras = tagged or _listed(others) or tuple(resources.get("lora", ()))
    if others.get("Scheduler") == others.get("Sampler", said.scheduler):  # SD.Next says it twice
        others.pop("Scheduler", None)
    return replace(
        said,
        program=_program(others),
        prompt=prompt,
        negative_prompt=negative,
        model=said.model or next(iter(resources.get("checkpoint", ())), ""),
        loras=generation_params.loras(loras),
        lora_hashes=_hashes(said.others),
        others={key: text for key, text in others.items() if key not in _NOT_PIXELS},
    )


def has_settings(text: str) -> bool:
    """Whether a text has a line of settings, as A1111's have: any other may be about anything."""
    return len(text) <= MAX_INFOTEXT and _parted(text)[1] != ""


def write(recipe: Recipe, record: Record, hashes: Mapping[str, str] | None = None) -> str:
    """The A1111 text of a picture; `parse` gives the same prompts and settings back.

    With `hashes`, the SHA-256 of LoRAs' files by the names of these, it says by which ten digits
    CivitAI knows the files of model and LoRAs (AutoV2).
    """
    sampler, schedule = samplers.written(recipe.scheduler)
    settings = {
        "Steps": str(recipe.steps),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{recipe.guidance_scale!r}".removesuffix(".0"),
        "Seed": str(recipe.seed),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": (record.file_sha256 or record.model_sha256)[:10],
        "Model": recipe.model,
        "Clip skip": str(recipe.clip_skip) if recipe.clip_skip > 1 else "",
        "Denoising strength": "" if recipe.strength is None else f"{recipe.strength!r}",
        "RNG": "CPU",
        "Template": record.template if record.template != recipe.prompt else "",
        "Version": f"hotfolder {__version__}",
    }
    above = recipe.prompt
    if recipe.negative_prompt:
        above += f"\nNegative prompt: {recipe.negative_prompt}"
    line = ", ".join(f"{key}: {_quoted(value)}" for key, value in settings.items() if value)
    if hashes is not None:
        known = {"model": record.file_sha256} | {f"lora:{name}": hashes[name] for name in hashes}
        if short := {name: digest[:10] for name, digest in known.items() if digest}:
            line += f", Hashes: {json.dumps(short)}"
    said = parse(f"{above}\n{line}")
    if said is None or (said.prompt, said.negative_prompt) != (
        recipe.prompt,
        recipe.negative_prompt,
    ):
        line += f", {_WHOLE_PROMPT}: {_quoted(recipe.prompt)}"
        line += f", {_WHOLE_NEGATIVE}: {_quoted(recipe.negative_prompt)}"
    return f"{above}\n{line}"


def _parted(text: str) -> tuple[str, str]:
    """What stands above the settings, and the line of settings; "" where there is none."""
    lines = tidied(text.replace("\r\n", "\n").strip().split("\n"))
    for number in range(len(lines) - 1, -1, -1):
        start = settings_start(lines[number])
        if start is not None:
            above = [*lines[:number], lines[number][:start]]
            return "\n".join(above), lines[number][start:]
    return "\n".join(lines), ""


def _quoted(value: str) -> str:
    plain = value and value == value.strip() and not re.search(r'[,:\n"]|^[\[{]', value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _taken(found: dict[str, str], key: str, read: Callable[[str], T | None]) -> T | None:
    """What a setting says; one that cannot be read stays among the others, but for "any" seed."""
    text = found.get(key, "")
    value = read(text.replace(",", "."))
    if value is not None or text in ("", "-1"):
        found.pop(key, None)
    return value


def _share(text: str) -> float | None:
    return generation_params.number(text, 0, 1)


def _sides(found: dict[str, str]) -> tuple[int | None, int | None]:
    match = _SIZE.fullmatch(found.get("Size", ""))
    sides = match.groups() if match else (found.get("Width"), found.get("Height"))
    width, height = generation_params.sides(*sides)
    for key in ("Size", "Width", "Height") if width else ():
        found.pop(key, None)
    return width, height


def _program(others: Mapping[str, str]) -> str:
    version = others.get("Version", "")
    if others.get("App"):
        return others["App"][:60]
    if re.match(r"v?\d", version):
        return "A1111"
    if _FORGE.match(version):
        return "Forge"
    if _RESOURCES in others or "Civitai metadata" in others:
        return "CivitAI"
    return version[:60] or "A1111"


def _hashes(others: Mapping[str, str]) -> dict[str, str]:
    """The beginnings of hashes in `Lora hashes: "ink: aa11bb22cc, wash: bb22cc33dd"`, by name."""
    text = next((others[key] for key in _LORA_HASHES if key in others), "")
    pairs = (pair.rpartition(":") for pair in text.split(",")[: generation_params.MAX_LORAS])
    named = {
        generation_params.name(name): generation_params.hexadecimal(digits)
        for name, _, digits in pairs
    }
    return {name: digits for name, digits in named.items() if name and digits}


def _listed(others: Mapping[str, str]) -> tuple[str, ...]:
    """The names in `Lora hashes: "ink: aa11, wash: bb22"`, where no tag gives weights."""
    text = next((others[key] for key in _LORA_LISTS if key in others), "")
    names = (pair.partition(":")[0] for pair in text.split(",")[:100])
    return generation_params.loras(generation_params.lora(name) for name in names)


def _resources(others: Mapping[str, str]) -> dict[str, list[str]]:
    """The names of CivitAI's resources by their kind; those of LoRAs with their weights."""
    found: dict[str, list[str]] = {}
    try:
        listed = json.loads(others.get(_RESOURCES, "[]"))
    except (ValueError, RecursionError):
        return found
    for one in listed[:100] if isinstance(listed, list) else ():
        kind = one.get("type") if isinstance(one, dict) else None
        if isinstance(kind, str):
            weight = one.get("weight") if kind == "lora" else None
            named = generation_params.lora(one.get("modelName"), weight)
            found.setdefault(kind, []).append(named)
    return found
