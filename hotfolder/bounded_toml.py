"""TOML that a stranger may have written: read in a time that follows from its length, or refused.

The parser of the standard library takes quadratic time for dotted keys, and hands on numbers of any
length, which later cannot even be printed.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_PARTS = 16
_MOST_BITS = 64
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_DOTTED = re.compile(rf"(?<![\w.\"'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_PARTS},}}+")
_KEY = re.compile(r"[ \t]*+[\]=]")


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
