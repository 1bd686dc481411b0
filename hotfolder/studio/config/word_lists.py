"""Word lists: text, a line for each word, or YAML and JSON as dynamicprompts reads them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from hotfolder.errors import mistake

SUFFIXES = (".txt", ".yaml", ".yml", ".json")
_MOST_ENTRIES = 100_000
_DEEPEST = 20


def parse(path: str, text: str) -> dict[str, list[str]]:
    """The lists of a file by their names; raises MistakesError.

    A text is one list, named after its path below `wildcards/`: lines that begin with # are
    comments. A tree of keys has a list at the end of each branch, named after the keys on the way:
    `colours/warm`; the file's own name does not matter.
    """
    name = PurePosixPath(path.removeprefix("wildcards/"))
    if name.suffix.lower() == ".txt":
        lines = [line.strip() for line in text.splitlines()]
        return {str(name.with_suffix("")): [line for line in lines if line and line[0] != "#"]}
    found: dict[str, list[str]] = {}
    for number, (keys, word) in enumerate(_branches(_tree(name.suffix.lower(), text), ())):
        if number >= _MOST_ENTRIES:
            raise mistake(f"it has more than {_MOST_ENTRIES:,} words")
        found.setdefault("/".join(keys), []).append(word)
    if not found:
        raise mistake("there is no list of words in it; expected  colours: [red, blue]")
    return found


def _tree(suffix: str, text: str) -> Any:
    try:
        if suffix == ".json":
            return json.loads(text)
        import yaml  # type: ignore[import-untyped]

        return yaml.safe_load(text)
    except (ValueError, RecursionError) as error:
        raise mistake(f"this is not valid JSON: {str(error)[:200]}") from None
    except yaml.YAMLError as error:
        says = " ".join(str(error).split())[:200]
        raise mistake(f"this is not valid YAML: {says}") from None


def _branches(tree: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(keys on the way, word) of each word, depth first."""
    if len(keys) > _DEEPEST:
        raise mistake(f"its keys are nested more than {_DEEPEST} deep")
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield from _branches(below, (*keys, str(key)))
    elif isinstance(tree, list):
        for item in tree:
            if isinstance(item, dict | list):
                yield from _branches(item, (*keys, "") if isinstance(item, list) else keys)
            elif item is not None and keys:
                yield keys, str(item).strip()
    elif isinstance(tree, str) and keys:
        yield keys, tree.strip()
