"""TOML that a stranger may have written: read in a time that follows from its length, or refused.

The parser of the standard library takes quadratic time for dotted keys, and hands on numbers of any
length, which later cannot even be printed.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from hotfolder.errors import mistake

MOST_PARTS = 16
_MOST_BITS = 64
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_DOTTED = re.compile(rf"(?<![\w.\"'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_PARTS},}}+")
_KEY = re.compile(r"[ \t]*+[\]=]")

_BACKSLASH = "write \\\\ for a backslash, or put the text in single quotes: 'a\\b'"
# What tomllib says, in words for people who do not program.
_PLAIN = (
    ("after a key in a key/value pair", 'expected KEY = VALUE, as in: prompt = "a castle"'),
    ("Invalid value", 'expected a value after =; text must be in quotes: "a castle"'),
    ("Illegal character '\\n'", "a quotation mark is opened and not closed on this line"),
    ("Unterminated string", "a quotation mark is opened and never closed"),
    ('Expected "\'"', "a quotation mark is opened and never closed"),
    ("Expected \"'''\"", "a quotation mark is opened and never closed"),
    ('Expected \'"""\'', "a quotation mark is opened and never closed"),
    ("Unescaped '\\'", _BACKSLASH),
    ("Invalid hex value", _BACKSLASH),
    ("Escaped character is not", _BACKSLASH),
    ("Cannot overwrite a value", "this key is here for the second time"),
    ("Cannot declare", "this table is here for the second time"),
    ("Duplicate inline table key", "this key is here for the second time"),
    ("Cannot redefine", "this table is here for the second time"),
    ("Cannot mutate", "this key is here for the second time"),
    ("Expected newline or end of document", "expected nothing more on this line after the value"),
    ("Unclosed array", "a list is opened with [ and never closed with ]"),
    ("Unclosed inline table", "a table is opened with { and never closed with }"),
    ("Expected ']", "the name of a table begins with [ and ends with ], as in: [draft]"),
    ("Invalid statement", 'expected KEY = VALUE, as in: prompt = "a castle"'),
    ("Invalid date", "this is no date or time; text must be in quotes"),
    ("Exceeds the limit", "a number is too long"),
    ("Invalid initial character for a key", "a key has only letters, as in: steps = 20"),
)


def table(text: str) -> dict[str, Any]:
    """What a TOML text says; raises MistakesError with the line that is wrong."""
    try:
        return loads(text)
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


def loads(text: str) -> dict[str, Any]:
    """The table in a text; raises ValueError with a sentence, as `tomllib` does."""
    for found in _DOTTED.finditer(text):
        if _KEY.match(text, found.end()):
            line = text.count("\n", 0, found.start()) + 1
            raise ValueError(f"a key has more than {MOST_PARTS} parts (at line {line}, column 1)")
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise ValueError("its lists and tables are nested too deeply") from None
    _require_plain(table)
    return table


def _require_plain(table: dict[str, Any]) -> None:
    """Raises ValueError for a number that is none of ours; looks at every value once."""
    waiting: list[Any] = [table]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise ValueError("a number has more digits than any key can need")
