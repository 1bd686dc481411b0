"""The lines of an A1111 text: prompts, `Negative prompt: ...`, settings, and what stands below.

Programs write them in few ways and people paste them in many: with labels in other languages, wide
colons, marks of lists and bold letters. What is read here was written by anyone: it is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

MAX_PAIRS = 200
DISTILLED = "Distilled CFG Scale"
FEWEST_PAIRS = 3
_FEWEST_KNOWN = 2  # of those: "title: Winter, time: noon, place: Oslo" belongs to a prompt
_MOST_JSON = 20  # values that may be JSON in one line

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
    "distilledcfgscale": DISTILLED,
    "clipskip": "Clip skip",
    "vae": "VAE",
    "version": "Version",
}
_NEGATIVES = (
    r"negative(?:[\s_-]?prompts?)?",
    r"negativ(?:er|e|es|-)?[\s-]?prompt|negatieve prompt",  # German, Scandinavian, Dutch
    r"prompt n(?:e|\u00e9)gati(?:f|vo|va)",  # French, Spanish, Portuguese, Italian
    "\u30cd\u30ac\u30c6\u30a3\u30d6(?:\u30d7\u30ed\u30f3\u30d7\u30c8)?",  # Japanese
    "(?:\u53cd|\u8d1f|\u8ca0)[\u5411\u9762]\u63d0\u793a[\u8bcd\u8a5e]",  # Chinese
    "(?:\ub124\uac70\ud2f0\ube0c|\ubd80\uc815)\\s?\ud504\ub86c\ud504\ud2b8",  # Korean
    "\u043d\u0435\u0433\u0430\u0442\u0438\u0432\u043d\u044b\u0439 "
    "\u043f\u0440\u043e\u043c\u043f\u0442",  # Russian
)
_PROMPTS = (
    r"(?:/imagine\s{1,4})?(?:positive[\s_-])?prompt|positive",
    r"positiver prompt|prompt positi(?:f|vo|va)",
    "\u30d7\u30ed\u30f3\u30d7\u30c8",
    "(?:\u6b63\u5411|\u6b63\u9762)?\u63d0\u793a[\u8bcd\u8a5e]",
    "\ud504\ub86c\ud504\ud2b8",
    "\u043f\u0440\u043e\u043c\u043f\u0442",
)
_COLON = "\\s{0,4}[:\uff1a]"
_NEGATIVE_LINE = re.compile(
    rf"\s*(?:(?:{'|'.join(_NEGATIVES)}){_COLON}|negative prompt\s*$)\s*", re.IGNORECASE
)
_NEGATIVE_INSIDE = re.compile(r"(?<=[\s.,;])negative prompt:", re.IGNORECASE)
_PROMPT_LINE = re.compile(rf"\s*(?:(?:{'|'.join(_PROMPTS)}){_COLON}|prompt\s*\n)\s*", re.IGNORECASE)
# What pages show above the parts of the text, and people copy.
_HEADINGS = ("parameters", "generation data", "other metadata")
_DECORATION = re.compile(r"\*\*|^\s*(?:[-*\u2022]|>+)\s+")
_NARROW = str.maketrans({"\uff1a": ":", "\uff0c": ","})
_COUNT = re.compile(r"\d{1,20}(?:\.0)?")
_KEY = re.compile(r"(\w[\w \u00a0\-/]{0,63}):\s{0,4}")  # pages have hard spaces
_QUOTED = re.compile(r'"(?:\\.|[^\\"])*"(?=\s{0,4}(?:,|$))')
_UP_TO_COMMA = re.compile(r"(?:\d{1,6},\d{1,6}(?=\s*(?:,\s|$)))|[^,]*")  # 7,5 is a number
_KEYS_INSIDE = re.compile(
    r"(?<=[\s.,;])(?:steps|sampler|schedule type|cfg scale|seed|size|model hash|model):\s",
    re.IGNORECASE,
)
_BEHIND_WORDS = re.compile(rf"{_KEYS_INSIDE.pattern}|negative prompt:", re.IGNORECASE)
_LINE_OF_ONE = re.compile(r"\s*([A-Za-z][A-Za-z _-]{1,30}):\s*[^\s,][^,\n]{0,200}")
_STEPS = re.compile(r"(?<!\w)steps:\s*\d{1,4}(?:\.0)?\s*(?:[,;|]|$)", re.IGNORECASE)
_SEPARATORS = (" | ", "; ")
_BELOW = re.compile(
    r"\s*(?:(?:Time taken|(?:Negative )?Template|Torch active/reserved|Sys VRAM|Used embeddings"
    r"|Wildcard (?:negative )?prompt):|A: [\d.]+ [GM]B, R: )"
)
_DIRECTLY_BELOW = re.compile(r"\s*[A-Z][\w \-/]{0,40}: ")


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


def tidied(lines: list[str]) -> list[str]:
    """As many lines, as programs write those that hold labels or settings.

    Settings that stand one below another are put into the last one's place, and those before become
    empty. So do headings of pages, where there are settings.
    """
    result = [_undecorated(line) for line in lines]
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _known_key(result[end]):
            end += 1
        if end - start >= FEWEST_PAIRS:
            result[start:end] = [*[""] * (end - start - 1), ", ".join(result[start:end])]
        start = max(end, start + 1)
    headings = [at for at, line in enumerate(result) if line.strip().lower() in _HEADINGS]
    if headings and any(settings_start(line) is not None for line in result):
        for at in headings:
            result[at] = ""
    return result


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
    line = _with_commas(line)
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


def _are_settings(line: str) -> bool:
    found = pairs(line)
    known = [key for key in found if key in _KNOWN_NAMES]
    if len(found) >= FEWEST_PAIRS:
        return len(known) >= _FEWEST_KNOWN
    counts = any(_COUNT.fullmatch(found.get(key, "")) for key in ("Steps", "Seed"))
    return counts and len(known) == len(found) >= _FEWEST_KNOWN


_KNOWN_NAMES = frozenset(_KNOWN.values())


def _known_key(line: str) -> bool:
    """Whether a line is one known setting alone."""
    match = _LINE_OF_ONE.fullmatch(line)
    return match is not None and _letters(match[1]) in _KNOWN


def _letters(key: str) -> str:
    return re.sub(r"[\W_]+", "", key.lower())


def _with_commas(line: str) -> str:
    """SD.Next once put ` | ` between its settings, and people put semicolons there."""
    for separator in _SEPARATORS:
        parts = line.split(separator)
        is_one = len(parts) >= FEWEST_PAIRS and "," not in parts[0]
        if is_one and all(_KEY.match(part.strip()) for part in parts):
            return ", ".join(parts)
    return line


def _undecorated(line: str) -> str:
    """The line without marks of lists, bold letters and wide colons, where it is one of ours."""
    bare = _DECORATION.sub("", line)
    if bare != line and (is_negative(bare) or _PROMPT_LINE.match(bare)):
        return bare
    narrow = bare.translate(_NARROW)
    if (
        narrow != line
        and settings_start(line) is None
        and (settings_start(narrow) == 0 or _known_key(narrow))
    ):
        return narrow
    return line


def _end_of_json(line: str, start: int) -> int | None:
    """Where a list or object ends that begins here and is followed by a comma or nothing."""
    try:
        _, end = json.JSONDecoder().raw_decode(line, start)
    except (ValueError, RecursionError):
        return None
    return end if re.match(r"\s*(?:,|$)", line[end : end + 5]) else None


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    try:
        text = json.loads(value)
    except ValueError:
        return value
    return text if isinstance(text, str) else value
