"""The A1111 `parameters` text: prompt, `Negative prompt: ...`, and a line of settings.

One reader for what A1111, Forge, SD.Next, CivitAI and the many programs after them write, in
pictures and in what people paste. Text only; the containers put it into files. What is read here
was written by anyone: it is bounded, it never raises, and a value out of range is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from hotfolder import __version__
from hotfolder.images import generation_params, samplers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.recipe import MAX_TEXT, Recipe
from hotfolder.recipes.record import Record

MAX_INFOTEXT = 1_000_000
MAX_PAIRS = 200
FEWEST_PAIRS = 3
_FEWEST_KNOWN = 2  # of those: "title: Winter, time: noon, place: Oslo" belongs to a prompt
_MOST_JSON = 20  # values that may be JSON in one line

# What the usual form cannot say without doubt is repeated whole under these keys.
_WHOLE_PROMPT, _WHOLE_NEGATIVE = "Whole prompt", "Whole negative prompt"
_DISTILLED = "Distilled CFG Scale"

# The settings that make a line one of settings, as we call them, by their letters in lower case.
_KNOWN: Mapping[str, str] = {
    "steps": "Steps",
    "numinferencesteps": "Steps",
    "sampler": "Sampler",
    "samplername": "Sampler",
    "scheduletype": "Schedule type",
    "cfgscale": "CFG scale",
    "cfg": "CFG scale",
    "guidancescale": "CFG scale",
    "seed": "Seed",
    "size": "Size",
    "width": "Width",
    "height": "Height",
    "model": "Model",
    "stablediffusionmodel": "Model",
    "modelhash": "Model hash",
    "denoisingstrength": "Denoising strength",
    "distilledcfgscale": _DISTILLED,
    "clipskip": "Clip skip",
    "vae": "VAE",
    "version": "Version",
}
_NEGATIVE_LINE = re.compile(r"\s*negative(?:[ _-]?prompt)?\s*:\s*", re.IGNORECASE)
_NEGATIVE_INSIDE = re.compile(r"(?<=[\s.,;])negative prompt:", re.IGNORECASE)
_PROMPT_LINE = re.compile(r"\s*(?:positive )?prompt:\s*", re.IGNORECASE)
_KEY = re.compile(r"(\w[\w \-/]{0,63}):\s{0,4}")
_QUOTED = re.compile(r'"(?:\\.|[^\\"])*"(?=\s{0,4}(?:,|$))')
_UP_TO_COMMA = re.compile(r"(?:\d{1,6},\d{1,6}(?=\s*(?:,\s|$)))|[^,]*")  # 7,5 is a number
_KEYS_INSIDE = re.compile(
    r"(?<=[\s.,;])(?:steps|sampler|schedule type|cfg scale|seed|size|model hash|model):\s",
    re.IGNORECASE,
)
_BEHIND_WORDS = re.compile(rf"{_KEYS_INSIDE.pattern}|negative prompt:", re.IGNORECASE)
_LINE_OF_ONE = re.compile(r"\s*([A-Za-z][A-Za-z _-]{1,30}):\s*[^\s,][^,\n]{0,200}")
_STEPS = re.compile(r"(?<!\w)steps:\s*\d", re.IGNORECASE)
_BELOW = re.compile(
    r"\s*(?:(?:Time taken|(?:Negative )?Template|Torch active/reserved|Sys VRAM|Used embeddings"
    r"|Wildcard (?:negative )?prompt):|A: [\d.]+ [GM]B, R: )"
)
_DIRECTLY_BELOW = re.compile(r"\s*[A-Z][\w \-/]{0,40}: ")
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
    guidance = generation_params.guidance(found.pop("CFG scale", "").replace(",", "."))
    distilled = generation_params.guidance(found.get(_DISTILLED, ""))
    if guidance == 1 and distilled is not None:  # FLUX in Forge: guidance is an input of the model
        guidance = distilled
        found.pop(_DISTILLED)
    strength = found.pop("Denoising strength", "").replace(",", ".")
    return GenerationParams(
        prompt=prompt,
        negative_prompt=negative,
        steps=generation_params.steps(found.pop("Steps", "")),
        scheduler=scheduler,
        guidance_scale=guidance,
        seed=generation_params.seed(found.pop("Seed", "")),
        width=width,
        height=height,
        strength=generation_params.number(strength, 0, 1),
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


def settings_start(line: str) -> int | None:
    """Where in a line its settings begin: 0, or behind prompts that stand on the same line."""
    if ":" not in line:
        return None
    key = _KEY.match(line.lstrip())
    if key and not _BEHIND_WORDS.search(key[0]) and _are_settings(line):
        return 0
    inside = [match.start() for match in _KEYS_INSIDE.finditer(line)]
    if len(inside) >= FEWEST_PAIRS and _STEPS.search(line):
        return inside[0]
    return None


def is_negative(line: str) -> bool:
    """Whether a line begins a negative prompt."""
    return _NEGATIVE_LINE.match(line) is not None


def is_below(line: str, directly: bool) -> bool:
    """Whether a line is one of those that programs put below the settings.

    `directly` says that no blank line is between: there any `Key: value` is an extension's.
    """
    if _BELOW.match(line):
        return True
    return directly and _DIRECTLY_BELOW.match(line) is not None and not is_negative(line)


def merged(lines: list[str]) -> list[str]:
    """The same lines, with settings that stand one below another put into the last one's place.

    The number of lines stays: those before become empty texts of settings, "".
    """
    result = list(lines)
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _known_key(lines[end]):
            end += 1
        if end - start >= FEWEST_PAIRS:
            result[start:end] = [*[""] * (end - start - 1), ", ".join(lines[start:end])]
        start = max(end, start + 1)
    return result


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
    if split(above.strip()) != (recipe.prompt, recipe.negative_prompt):
        line += f", {_WHOLE_PROMPT}: {_quoted(recipe.prompt)}"
        line += f", {_WHOLE_NEGATIVE}: {_quoted(recipe.negative_prompt)}"
    return f"{above}\n{line}"


def split(text: str) -> tuple[str, str]:
    """(prompt, negative prompt) of the lines above the settings."""
    text = text.replace("\r\n", "\n")
    prompt: list[str] = []
    negative: list[str] = []
    part = prompt
    for line in text.split("\n"):
        if part is negative:
            part.append(line)
        elif match := _NEGATIVE_LINE.match(line):
            part = negative
            part.append(line[match.end() :])
        elif match := _NEGATIVE_INSIDE.search(line):
            part.append(line[: match.start()])
            part = negative
            part.append(line[match.end() :])
        else:
            part.append(line)
    whole = "\n".join(prompt).strip()
    if match := _PROMPT_LINE.match(whole):
        whole = whole[match.end() :]
    return whole, "\n".join(negative).strip()


def pairs(line: str) -> dict[str, str]:
    """The `Key: value` pairs of a line of settings; of a key given twice, the first.

    Known keys have our spelling. A value is a JSON text, list or object, or ends at the next comma.
    """
    found: dict[str, str] = {}
    line = _without_pipes(line)
    position, jsons = 0, 0
    while len(found) < MAX_PAIRS and (key := _KEY.search(line, position)):
        start = key.end()
        end = None
        if line[start : start + 1] in ("[", "{") and jsons < _MOST_JSON:
            jsons += 1
            end = _end_of_json(line, start)
        match = _QUOTED.match(line, start) or _UP_TO_COMMA.match(line, start)
        position = end or (match.end() if match else start)
        name = _KNOWN.get(_letters(key[1]), key[1].strip())
        found.setdefault(name, _unquoted(line[start:position].strip()))
    return found


def _parted(text: str) -> tuple[str, str]:
    """What stands above the settings, and the line of settings; "" where there is none."""
    lines = merged(text.replace("\r\n", "\n").strip().split("\n"))
    for number in range(len(lines) - 1, -1, -1):
        start = settings_start(lines[number])
        if start is not None:
            above = [*lines[:number], lines[number][:start]]
            return "\n".join(above), lines[number][start:]
    return "\n".join(lines), ""


def _are_settings(line: str) -> bool:
    found = pairs(line)
    known = sum(key in _KNOWN_NAMES for key in found)
    return len(found) >= FEWEST_PAIRS and known >= _FEWEST_KNOWN


_KNOWN_NAMES = frozenset(_KNOWN.values())


def _known_key(line: str) -> bool:
    """Whether a line is one known setting alone."""
    match = _LINE_OF_ONE.fullmatch(line)
    return match is not None and _letters(match[1]) in _KNOWN


def _letters(key: str) -> str:
    return re.sub(r"[\W_]+", "", key.lower())


def _without_pipes(line: str) -> str:
    """SD.Next once put ` | ` between its settings."""
    parts = line.split(" | ")
    piped = len(parts) >= FEWEST_PAIRS and "," not in parts[0]
    piped = piped and all(_KEY.match(part.strip()) for part in parts)
    return ", ".join(parts) if piped else line


def _end_of_json(line: str, start: int) -> int | None:
    """Where a list or object ends that begins here and is followed by a comma or nothing."""
    try:
        _, end = json.JSONDecoder().raw_decode(line, start)
    except (ValueError, RecursionError):
        return None
    return end if re.match(r"\s*(?:,|$)", line[end : end + 5]) else None


def _quoted(value: str) -> str:
    plain = value and value == value.strip() and not re.search(r'[,:\n"]|^[\[{]', value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    try:
        text = json.loads(value)
    except ValueError:
        return value
    return text if isinstance(text, str) else value


def _sides(found: dict[str, str]) -> tuple[int | None, int | None]:
    width, height = found.pop("Width", None), found.pop("Height", None)
    match = re.fullmatch(r"([0-9]{1,5})\s?[x\u00d7]\s?([0-9]{1,5})", found.pop("Size", ""))
    return generation_params.sides(match[1], match[2]) if match else _given(width, height)


def _given(width: str | None, height: str | None) -> tuple[int | None, int | None]:
    return generation_params.sides(width, height)


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
