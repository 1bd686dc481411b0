"""TOML: one request with its settings, or several that share them."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from hotfolder import bounded_toml
from hotfolder.errors import Mistake, MistakesError, mistake
from hotfolder.recipes import links, schema
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.prompt import MAX_PROMPTS, Count, Prompt, Seed, choices, parts
from hotfolder.recipes.prompt_syntax.read import Emphasis
from hotfolder.recipes.recipe import MAX_TEXT

SUFFIXES = (".toml",)
READS = "text"


class File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a prompt file. Those of the second half are the profile's, laid over it."""

    prompt: str | None = None
    prompts: list[str] | None = None
    fixed: links.Texts = ""
    random: profiles.Choices = []
    negative: str = ""
    profile: str | None = None
    count: Count | None = None
    seed: Seed | None = None
    size: links.Size | None = None
    aspect: profiles.Aspect | None = None

    scheduler: links.SchedulerName | None = None
    steps: links.Steps | None = None
    guidance_scale: links.Guidance | None = None
    emphasis: Emphasis | None = None
    draft: profiles.Draft = profiles.Draft()
    refine: profiles.Refine = profiles.Refine()


EITHER = (("prompt", "prompts"), ("size", "aspect"))
OVERRIDES = ("scheduler", "steps", "guidance_scale", "emphasis", "draft", "refine")

# What tomllib says, in words for people who do not program.
_PLAIN = (
    ("after a key in a key/value pair", 'expected KEY = VALUE, as in: prompt = "a castle"'),
    ("Invalid value", 'expected a value after =; text must stand in quotes: "a castle"'),
    ("Illegal character '\\n'", "a quote is opened and not closed on this line"),
    ("Unterminated string", "a quote is opened and never closed"),
    ("Expected \"'''\"", "a quote is opened and never closed"),
    ('Expected \'"""\'', "a quote is opened and never closed"),
    ("Unescaped '\\'", "write \\\\ for a backslash, or put the text in single quotes: 'a\\b'"),
    ("Cannot overwrite a value", "this key stands here for the second time"),
    ("Cannot declare", "this table stands here for the second time"),
    ("Cannot mutate", "this key stands here for the second time"),
    ("Expected newline or end of document", "expected nothing more on this line after the value"),
    ("Unclosed array", "a list is opened with [ and never closed with ]"),
    ("Unclosed inline table", "a table is opened with { and never closed with }"),
    ("Exceeds the limit", "a number is too long"),
    ("Invalid initial character for a key", "a key has letters only, as in: steps = 20"),
)


def parse(text: str) -> tuple[Prompt, ...]:
    """The prompts of a TOML text; raises MistakesError with every wrong key."""
    table = _table(text)
    mistakes = [Mistake(key, profiles.OWNER_SAYS) for key in table if key in profiles.OWNER_ONLY]
    mistakes += [
        Mistake(second, f"expected either {first} or {second}, not both")
        for first, second in EITHER
        if first in table and second in table
    ]
    allowed = {key: value for key, value in table.items() if key not in profiles.OWNER_ONLY}
    try:
        file = schema.convert(links.read(allowed), File)
    except MistakesError as error:
        raise MistakesError([*mistakes, *error.mistakes]) from None
    mistakes += _contradictions(file, allowed)
    if mistakes:
        raise MistakesError(mistakes)
    over = {key: allowed[key] for key in OVERRIDES if key in allowed}
    if file.aspect is not None:
        over["draft"] = {**over.get("draft", {}), "aspect": file.aspect}
    return tuple(
        Prompt(
            text=written.strip(),
            negative=file.negative.strip(),
            fixed=parts(file.fixed),
            random=choices(file.random),
            profile=file.profile,
            count=file.count,
            seed=file.seed,
            size=file.size,
            overrides=over,
        )
        for written in _texts(file)
    )


def _table(text: str) -> dict[str, Any]:
    try:
        return bounded_toml.loads(text)
    except ValueError as error:
        says = str(error)
    lines = text.rstrip().split("\n")
    found = re.search(r"\(at line (\d+), column \d+\)$", says)
    plain = next((words for start, words in _PLAIN if start in says), "")
    if found is None and "second time" not in plain:
        raise mistake(plain or says, "the end of the file")
    number = int(found[1]) if found else len(lines)
    line = lines[min(number, len(lines)) - 1].strip()
    if re.search("[\u201c\u201d\u201e]", line):
        plain = 'expected straight quotes, as in: prompt = "a castle"'
    says = plain or re.sub(r"\s*\(at .*\)$", "", says)
    raise mistake(f"{says} (it reads: {line[:60]})", f"line {number}")


def _texts(file: File) -> list[str]:
    return file.prompts if file.prompts is not None else [file.prompt or ""]


def _contradictions(file: File, table: dict[str, Any]) -> list[Mistake]:
    """What is wrong between keys that are right by themselves."""
    found: list[Mistake] = []
    if file.aspect is not None and "aspect" in table.get("draft", {}):
        found.append(Mistake("aspect", "this stands in the table draft for the second time"))
    added = parts(file.fixed) or choices(file.random)
    key = "prompt" if file.prompts is None else "prompts"
    missing = file.prompt is None and file.prompts is None
    if missing and not added:
        found.append(Mistake(key, 'this key is missing; write prompt = "a castle by the sea"'))
    elif not _texts(file):
        found.append(Mistake(key, "this is empty; expected what the picture shall show"))
    for number, text in enumerate(_texts(file), start=1):
        which = f"text {number} in it" if file.prompts is not None else "this"
        if not (added or missing or text.strip()):
            says = f"{which} is empty; expected what the picture shall show"
            found.append(Mistake(key, says))
    if len(_texts(file)) > MAX_PROMPTS:
        found.append(Mistake(key, f"expected at most {MAX_PROMPTS:,} prompts"))
    if any(len(text) > MAX_TEXT for text in [*_texts(file), file.negative]):
        found.append(Mistake(key, f"expected at most {MAX_TEXT:,} characters"))
    return found
