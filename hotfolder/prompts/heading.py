"""A first line of plain words that says what TOML would: `10 drafts, wide, sdxl`.

It is one if it says how many drafts, or that each line is a prompt; then every part of it must be
known. Any other first line is a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from hotfolder.errors import Mistake, MistakesError, did_you_mean
from hotfolder.prompts import keys

SHAPES = {"wide": "3:2 to 16:9", "tall": "9:16 to 2:3", "square": "1:1"}
_PER_LINE = re.compile(r"(?:one |a )?prompt (?:per|a|in each) line|one per line")
_COUNT = re.compile(r"(?:(\d[\d,]{0,9})|(endless)) drafts?(?: each| of each)?|(endless)")
_PICTURES = re.compile(r"(\d[\d,]{0,9}) (?:pictures?|images?)(?: each| of each)?")
_ASPECT = re.compile(r"\d+(?:\.\d+)? ?: ?\d+(?:\.\d+)?(?: to \d+(?:\.\d+)? ?: ?\d+(?:\.\d+)?)?")
_NAME = re.compile(r"(?:profile )?([\w.-]{1,60})")
_EXAMPLE = "as in: 10 drafts, wide, sdxl"
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\d{1,4}) steps"), "steps"),
    (re.compile(r"seed (\d{1,20})"), "seed"),
    (re.compile(r"(?:guidance|cfg)(?: scale)? ([\d.]{1,9})"), "guidance_scale"),
    (re.compile(r"(?:no|without) (.{1,500})"), "negative"),
    (re.compile(r"(\d{2,5} ?[x\u00d7] ?\d{2,5})"), "size"),
)


class Heading(NamedTuple):
    """What a first line says of all prompts below it, and whether each line is one."""

    table: dict[str, Any]
    per_line: bool = False


def read(line: str, profiles: Collection[str] = ()) -> Heading | None:
    """What a line says, if it is a heading; `profiles` are the names that it may have.

    Without any, every single word may be one. Raises MistakesError with each part that is wrong.
    """
    phrases = [" ".join(part.split()) for part in re.split(r",(?!\d{3})|;", line.rstrip(" .:"))]
    phrases = [phrase for phrase in phrases if phrase]
    if not phrases or len(line) > 1000 or not _is_one(phrases):
        return None
    tables: list[dict[str, Any]] = []
    mistakes: list[Mistake] = []
    per_line = False
    for phrase in phrases:
        if _PER_LINE.fullmatch(phrase.lower()):
            per_line = True
            continue
        try:
            tables.append(_table(phrase, profiles))
        except MistakesError as error:
            mistakes += [Mistake(f'"{phrase}"', one.says, one.lacks) for one in error.mistakes]
    if mistakes:
        raise MistakesError(mistakes)
    return Heading(keys.together(tables), per_line)


def _is_one(phrases: list[str]) -> bool:
    lower = [phrase.lower() for phrase in phrases]
    if any(_COUNT.fullmatch(one) or _PER_LINE.fullmatch(one) for one in lower):
        return True
    rest = [one for one in lower if not _PICTURES.fullmatch(one)]
    return len(rest) < len(lower) and all(_is_known(one) or _NAME.fullmatch(one) for one in rest)


def _is_known(phrase: str) -> bool:
    patterns = [_ASPECT, *(pattern for pattern, _ in _PHRASES)]
    return phrase in SHAPES or any(pattern.fullmatch(phrase) for pattern in patterns)


def _table(phrase: str, profiles: Collection[str]) -> dict[str, Any]:
    lower = phrase.lower()
    if match := _COUNT.fullmatch(lower) or _PICTURES.fullmatch(lower):
        number = match[1]
        return keys.valued("count", number.replace(",", "") if number else "endless")
    if lower in SHAPES:
        return {"aspect": SHAPES[lower]}
    if _ASPECT.fullmatch(lower):
        return keys.valued("aspect", re.sub(r" ?: ?", ":", lower))
    for pattern, key in _PHRASES:
        if match := pattern.fullmatch(lower):
            return keys.valued(key, match[1].replace(" ", "") if key == "size" else match[1])
    name = _NAME.fullmatch(phrase)
    if name and (not profiles or name[1] in profiles):
        return {"profile": name[1]}
    return _unknown(phrase, profiles)


def _unknown(phrase: str, profiles: Collection[str]) -> dict[str, Any]:
    known = [*SHAPES, "endless drafts", "20 steps", "one prompt per line", *profiles]
    says = f"this is not known in a first line of settings, {_EXAMPLE}"
    lacks = _NAME.fullmatch(phrase) is not None  # it may be a profile to come
    raise MistakesError([Mistake("", f"{says}; {did_you_mean(phrase.lower(), known)}", lacks)])
