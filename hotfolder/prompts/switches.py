"""Settings among the words of a prompt: lines as `count: 10`, and `--ar 16:9` behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, pairwise
from typing import Any, NamedTuple

from hotfolder.errors import MistakesError, brief
from hotfolder.prompts import keys

_SHOWN = 60
_MOST = 100  # settings of one prompt; what is more is words
_LINE = re.compile(r"\s*([A-Za-z][A-Za-z _-]{1,30}?)\s{0,4}[:=\uff1a]\s*(\S[^\n]{0,200})")
_ON_LINES = ("count", "seed", "steps", "guidance_scale", "scheduler", "aspect", "size", "profile")
_SHORT = ("n", "w", "h", "no", "ar")  # names that are too short to stand before a colon
_SWITCH = re.compile(
    "(?:^|(?<=\\s))(--|[\u2013\u2014])([A-Za-z][A-Za-z_-]{0,30})(?:[ \\t=]+|$)", re.MULTILINE
)
# What Midjourney has besides, and we have not.
_ELSEWHERE = re.compile(
    "c|chaos|cref|cw|draft|exp|fast|fps|hd|iw|loop|motion|niji|p|personalize|q|quality|r|raw|relax|"
    "s|sref|stealth|stop|style|stylize|sv|sw|test|testp|tile|turbo|v|version|video|weird",
    re.IGNORECASE,
)


class Taken(NamedTuple):
    """A text without its settings, these as a table of keys, and what of them is not used."""

    text: str
    table: dict[str, Any]
    notes: tuple[str, ...]


def take(text: str) -> Taken:
    """The settings out of a prompt's lines. What only looks like one stays, and is told."""
    kept: list[str] = []
    tables: list[dict[str, Any]] = []
    notes: list[str] = []
    for line in text.split("\n"):
        match = _LINE.fullmatch(line)
        key = keys.key_of(match[1]) if match else None
        is_one = key in _ON_LINES and match and match[1].strip().lower() not in _SHORT
        if not (match and key and is_one) or len(tables) + len(notes) >= _MOST:
            kept.append(line)
            continue
        try:
            tables.append(keys.valued(key, match[2]))
        except MistakesError as error:
            kept.append(line)
            notes.append(f'"{brief(line, _SHOWN)}" is read as words: {_says(error)}')
    rest, switched, more = _switches("\n".join(kept))
    table = keys.together([*tables, *switched])
    said = table.pop("prompt", "")
    text = ", ".join(part for part in (rest, said) if part)
    return Taken(text, table, (*notes, *more))


def _switches(text: str) -> tuple[str, list[dict[str, Any]], list[str]]:
    """The words before the first switch and those that are none, the tables, and the notes."""
    switches = (
        match for match in _SWITCH.finditer(text) if match[1] == "--" or _is_known(match[2])
    )
    found = list(islice(switches, _MOST))
    if not found:
        return text, [], []
    words, tables, notes = [text[: found[0].start()]], list[dict[str, Any]](), list[str]()
    unused: list[str] = []
    ends = [match.start() for match in found[1:]] + [len(text)]
    for match, end in zip(found, ends, strict=True):
        name, value = match[2], _unquoted(text[match.end() : end])
        whole = brief(text[match.start() : end], _SHOWN)
        key = keys.key_of(name)
        if key is None and not _ELSEWHERE.fullmatch(name):
            words.append(text[match.start() : end])
            notes.append(f"{whole} is not a setting that hotfolder knows, so it is read as words")
        elif key is None:
            unused.append(whole)
        else:
            try:
                table, rest = _valued(key, value)
            except MistakesError as error:
                notes.append(f"{whole} is not used: {_says(error)}")
            else:
                tables.append(table)
                if rest.startswith(","):
                    words[-1] = words[-1].rstrip()
                words.append(rest)
    if unused:
        notes.append(f"settings of another program that are not used: {', '.join(unused)}")
    return "".join(words).strip(), tables, notes


def _is_known(name: str) -> bool:
    return keys.key_of(name) is not None or _ELSEWHERE.fullmatch(name) is not None


def _valued(key: str, value: str) -> tuple[dict[str, Any], str]:
    """What a switch says, and the words behind its value. Raises MistakesError."""
    try:
        return keys.valued(key, value), ""
    except MistakesError:
        first = re.split(r"[\s,]", value, maxsplit=1)[0]
        if first == value:
            raise
        return keys.valued(key, first), value[len(first) :]


def _says(error: MistakesError) -> str:
    return "; ".join(one.says for one in error.mistakes)


def _unquoted(text: str) -> str:
    text = " ".join(text.split())
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if is_quoted else text.strip(" ,")


def looks_like_lines(lines: Iterable[str]) -> bool:
    """Whether the lines of a paragraph look like prompts of their own.

    There are three or more, none goes on in the next one, and they are not one text that was
    wrapped: its next word would have had no room.
    """
    stripped = [line.strip() for line in lines]
    if len(stripped) < 3 or any(re.search(r"[,;:]$|\b(?:BREAK|AND)$", line) for line in stripped):
        return False
    if any(len(line.split()) < 2 or re.match(r"[,;)\]}]", line) for line in stripped):
        return False
    longest = max(map(len, stripped))
    pairs = pairwise(stripped)
    is_wrapped = all(len(line) + 1 + len(after.split()[0]) > longest for line, after in pairs)
    return not (is_wrapped and longest >= 40)
