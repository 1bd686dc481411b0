"""TOML: one request with its settings, or several that share them."""

from __future__ import annotations

import re
from typing import Any

from hotfolder import bounded_toml
from hotfolder.errors import Mistake, MistakesError
from hotfolder.prompts import keys
from hotfolder.prompts.keys import File
from hotfolder.recipes import links, schema
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.prompt import MAX_PROMPTS, Prompt, choices, parts
from hotfolder.recipes.recipe import MAX_TEXT

SUFFIXES = (".toml",)
READS = "text"


EITHER = (("prompt", "prompts"), ("size", "aspect"))

_FIRST_LINE = re.compile(
    r"""
    [A-Za-z_]{2,30}[ \t]*=[ \t]*(?:["'\[{\u201c\u201d\u201e]|\d|true\b|false\b)
    | \[(?:draft|refine)\]$
    """,
    re.VERBOSE,
)


def recognises(text: str) -> bool:
    """Whether a text is TOML, whatever its file is called: it begins with a key and a value."""
    lines = (line.strip() for line in text.split("\n"))
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return _FIRST_LINE.match(first) is not None


def parse(text: str) -> tuple[Prompt, ...]:
    """The prompts of a TOML text; raises MistakesError with every wrong key."""
    found = bounded_toml.table(text)
    mistakes = [Mistake(key, profiles.OWNER_SAYS) for key in found if key in profiles.OWNER_ONLY]
    mistakes += [
        Mistake(second, f"expected either {first} or {second}, not both")
        for first, second in EITHER
        if first in found and second in found
    ]
    allowed = {key: value for key, value in found.items() if key not in profiles.OWNER_ONLY}
    try:
        file = schema.convert(links.read(allowed), File)
    except MistakesError as error:
        raise MistakesError([*mistakes, *error.mistakes]) from None
    mistakes += _contradictions(file, allowed)
    if mistakes:
        raise MistakesError(mistakes)
    return tuple(keys.asked(written, file, allowed) for written in _texts(file))


def _texts(file: File) -> list[str]:
    return file.prompts if file.prompts is not None else [file.prompt or ""]


def _contradictions(file: File, table: dict[str, Any]) -> list[Mistake]:
    """What is wrong between keys that are right by themselves."""
    found: list[Mistake] = []
    if file.aspect is not None and "aspect" in table.get("draft", {}):
        found.append(Mistake("aspect", "this is in the table draft already"))
    added = parts(file.fixed) or choices(file.random)
    key = "prompt" if file.prompts is None else "prompts"
    missing = file.prompt is None and file.prompts is None
    if missing and not added:
        found.append(Mistake(key, 'this key is missing; write prompt = "a castle by the sea"'))
    elif not _texts(file):
        found.append(Mistake(key, "this is empty; expected what the picture should show"))
    for number, text in enumerate(_texts(file), start=1):
        which = f"text {number} in it" if file.prompts is not None else "this"
        if not (added or missing or text.strip()):
            says = f"{which} is empty; expected what the picture should show"
            found.append(Mistake(key, says))
    if len(_texts(file)) > MAX_PROMPTS:
        found.append(Mistake(key, f"expected at most {MAX_PROMPTS:,} prompts"))
    if any(len(text) > MAX_TEXT for text in [*_texts(file), file.negative]):
        found.append(Mistake(key, f"expected at most {MAX_TEXT:,} characters"))
    return found
