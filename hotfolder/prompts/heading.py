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
_SHAPES = {**SHAPES, "landscape": SHAPES["wide"], "portrait": SHAPES["tall"]}
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_WORDS = {word: number for number, word in enumerate((*_NUMBERS, "twelve"), start=1)}
_PER_LINE = re.compile(
    r"(?:(?:one|a|1) )?prompt (?:per|a|in each|on each) line|one per line"
    r"|each line is (?:a|one) prompt"
)
_NUMBER = rf"(\d[\d,]{{0,9}}|endless|{'|'.join(_WORDS)})"
_COUNT = re.compile(rf"{_NUMBER} drafts?(?: each| of each)?|(endless)")
_WITHOUT_COMMAS = re.compile(rf"({_NUMBER} drafts?) (?!(?:of|for|from)\b)(\S.*)", re.IGNORECASE)
_PICTURES = re.compile(r"(\d[\d,]{0,9}) (?:pictures?|images?)(?: each| of each)?")
_ASPECT = re.compile(
    r"\d{1,2}(?:\.\d+)? ?[:/x\u00d7] ?\d{1,2}(?:\.\d+)?"
    r"(?: to \d{1,2}(?:\.\d+)? ?[:/x\u00d7] ?\d{1,2}(?:\.\d+)?)?"
)
_NAME = re.compile(r"(?:profile )?([\w.-]{1,60})(?: profile)?")
_KEY = re.compile(r"([a-z][a-z _]{1,20}?)(?: ?[:=] ?| )(\S.{0,500})", re.IGNORECASE)
_EXAMPLE = "as in: 10 drafts, wide, sdxl"
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\d{1,4}) steps"), "steps"),
    (re.compile(r"without (.{1,500})"), "negative"),
    (re.compile(r"(\d{3,5} ?[x\u00d7*] ?\d{3,5})"), "size"),
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
    if len(phrases) == 1 and (bare := _WITHOUT_COMMAS.fullmatch(phrases[0])):
        words = bare[3].split()
        if all(_is_shape(word) or (profiles and _profile(word, profiles)) for word in words):
            phrases = [bare[1], *words]
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


def looks_like_one(line: str) -> bool:
    """Whether a line that is none begins like one, and may have been meant as one."""
    return _WITHOUT_COMMAS.fullmatch(line.strip()) is not None


def _is_one(phrases: list[str]) -> bool:
    lower = [phrase.lower() for phrase in phrases]
    if any(_COUNT.fullmatch(one) or _PER_LINE.fullmatch(one) for one in lower):
        return True
    rest = [one for one in lower if not (_PICTURES.fullmatch(one) or _is_count(one, lower))]
    return len(rest) < len(lower) and all(_is_known(one) or _NAME.fullmatch(one) for one in rest)


def _is_count(phrase: str, phrases: list[str]) -> bool:
    """Whether it is `count 10` among others: alone it is for its paragraph."""
    said = _keyed(phrase)
    return said is not None and said[0] == "count" and len(phrases) > 1


def _is_shape(phrase: str) -> bool:
    return phrase.lower() in _SHAPES or _ASPECT.fullmatch(phrase.lower()) is not None


def _is_known(phrase: str) -> bool:
    is_phrase = any(pattern.fullmatch(phrase) for pattern, _ in _PHRASES)
    return is_phrase or _is_shape(phrase) or _keyed(phrase) is not None


def _keyed(phrase: str) -> tuple[str, str] | None:
    """The key and the value of `seed 7`, `steps: 20`, `no people`; None for another phrase."""
    match = _KEY.fullmatch(phrase)
    key = keys.key_of(match[1]) if match else None
    return (key, match[2]) if match and key and key != "prompt" else None


def _table(phrase: str, profiles: Collection[str]) -> dict[str, Any]:
    lower = phrase.lower()
    if match := _COUNT.fullmatch(lower) or _PICTURES.fullmatch(lower):
        number = next(filter(None, match.groups())).replace(",", "")
        return keys.valued("count", str(_WORDS.get(number, number)))
    if lower in _SHAPES and phrase not in profiles:
        return {"aspect": _SHAPES[lower]}
    if _ASPECT.fullmatch(lower):
        return keys.valued("aspect", re.sub(r" ?[:/x\u00d7] ?", ":", lower))
    for pattern, key in _PHRASES:
        if match := pattern.fullmatch(lower):
            return keys.valued(key, match[1].replace(" ", "") if key == "size" else match[1])
    said = _keyed(phrase)
    if said and said[0] != "profile":
        return keys.valued(*said)
    name = _NAME.fullmatch(said[1] if said else phrase)
    if name and (found := _profile(name[1], profiles)):
        return {"profile": found}
    return _unknown(said[1] if said else phrase, profiles)


def _profile(name: str, profiles: Collection[str]) -> str | None:
    """The profile of this name, in whatever case it is written; any name where none is known."""
    if name in profiles or not profiles:
        return name
    alike = [one for one in profiles if one.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def _unknown(phrase: str, profiles: Collection[str]) -> dict[str, Any]:
    known = [*SHAPES, "endless drafts", "20 steps", "one prompt per line", *profiles]
    says = f"this means nothing in a first line of settings, {_EXAMPLE}"
    lacks = _NAME.fullmatch(phrase) is not None  # it may be a profile to come
    raise MistakesError([Mistake("", f"{says}; {did_you_mean(phrase.lower(), known)}", lacks)])
