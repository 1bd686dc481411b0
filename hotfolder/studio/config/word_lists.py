"""Word lists: text, a line for each word, or YAML and JSON as dynamicprompts reads them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from hotfolder import bounded_yaml
from hotfolder.errors import mistake

SUFFIXES = (".txt", ".yaml", ".yml", ".json")
_MOST_ENTRIES = 100_000
_MOST_NODES = 2 * _MOST_ENTRIES
_LONGEST_NUMBER = 1024  # bits
_DEEPEST = 20
_NOTHING = (None, "", "~", "null")


def parse(path: str, text: str) -> dict[str, list[str]]:
    """The lists of a file by their names; raises MistakesError.

    A text is one list, named after its path below `wildcards/`: what stands behind # is a comment.
    A tree of keys has a list at the end of each branch, named after the keys on the way:
    `colours/warm`; the file's own name does not matter. `3::red` is drawn as often as three others.
    """
    name = PurePosixPath(path.removeprefix("wildcards/"))
    if name.suffix.lower() == ".txt":
        lines = [line.partition(" # ")[0].strip() for line in text.splitlines()]
        return {str(name.with_suffix("")): [line for line in lines if line and line[0] != "#"]}
    found: dict[str, list[str]] = {}
    for keys, word in _branches(_tree(name.suffix.lower(), text)):
        found.setdefault("/".join(keys), []).append(word)
    if not found:
        raise mistake("there is no list of words in it; expected  colours: [red, blue]")
    return found


def _tree(suffix: str, text: str) -> Any:
    try:
        if suffix == ".json":
            return json.loads(text)
        return bounded_yaml.loads(text, 2 * _DEEPEST)
    except (ValueError, RecursionError) as error:
        raise mistake(f"this is not valid {suffix[1:].upper()}: {str(error)[:200]}") from None


def _branches(tree: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """(keys on the way, word) of each word, in the order of the file.

    Every node counts, for YAML's aliases make a short file a tree of any size.
    """
    waiting: list[tuple[Any, tuple[str, ...], bool]] = [(tree, (), False)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node, keys, is_listed = waiting.pop()
        if len(keys) > _DEEPEST:
            raise mistake(f"its keys are nested more than {_DEEPEST} deep")
        if isinstance(node, dict) and is_listed and keys and (word := _weighted(node)):
            yield keys, word
        elif isinstance(node, dict):
            below = [(value, (*keys, _word(key)), False) for key, value in node.items()]
            waiting += reversed(below)
        elif isinstance(node, list):
            inside = (*keys, "") if is_listed else keys
            waiting += [(item, inside, True) for item in reversed(node)]
        elif keys and node not in _NOTHING and (isinstance(node, str) or is_listed):
            yield keys, _word(node).strip()
    raise mistake(f"it has more than {_MOST_ENTRIES:,} words")


def _weighted(node: dict[Any, Any]) -> str:
    """`{text: red, weight: 2}` in a list, as a line of a text has it; "" for another table."""
    text = node.get("text") or node.get("content")
    weight = str(node.get("weight", "1"))
    if not isinstance(text, str) or not set(node) <= {"text", "content", "weight"}:
        return ""
    return text.strip() if weight == "1" else f"{weight}::{text.strip()}"


def _word(value: Any) -> str:
    """A value as a word; raises MistakesError for a number that is none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        raise mistake("a number in it has more digits than any word")
    return str(value)
