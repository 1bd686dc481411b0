"""Which files are prompts, and what reads them: the modules of this package that say so."""

from __future__ import annotations

import inspect
from functools import lru_cache
from pathlib import PurePosixPath
from types import ModuleType

from hotfolder import prompts
from hotfolder.errors import did_you_mean, mistake
from hotfolder.modules import modules_of
from hotfolder.prompts.paragraphs import PLAIN, Custom, Written


def suffixes() -> frozenset[str]:
    """The endings of all files that are read as prompts, in lower case with their dot."""
    return frozenset(_formats())


def is_text(suffix: str) -> bool:
    """Whether `parse_text` reads files with this ending."""
    module = _formats().get(suffix.lower())
    return module is not None and module.READS == "text"


def suffix_of(name: str) -> str:
    """The ending by which a file is read; `castle.toml.txt` is what Windows makes of a .toml."""
    lower = name.lower()
    hidden = lower.removesuffix(".txt")
    inner = PurePosixPath(hidden).suffix
    return inner if hidden != lower and is_text(inner) else PurePosixPath(lower).suffix


def parse_text(suffix: str, text: str, custom: Custom = PLAIN) -> tuple[Written, ...]:
    """The prompts of a text file with this ending; raises MistakesError.

    A text that is plainly of another format is read as that one: TOML or rich text in a .txt.
    """
    if not is_text(suffix):
        known = [ending for ending in suffixes() if is_text(ending)]
        near = did_you_mean(suffix, known)
        raise mistake(f"hotfolder does not read prompts from {suffix} files; {near}")
    module = _formats()[suffix.lower()]
    others = (other for other in _formats().values() if other is not module)
    module = next((other for other in others if _recognises(other, text)), module)
    takes_custom = "custom" in inspect.signature(module.parse).parameters
    found: tuple[Written, ...] = module.parse(text, custom) if takes_custom else module.parse(text)
    return found


def _recognises(module: ModuleType, text: str) -> bool:
    asked = getattr(module, "recognises", None)
    return module.READS == "text" and asked is not None and bool(asked(text))


@lru_cache(maxsize=1)
def _formats() -> dict[str, ModuleType]:
    modules = modules_of(prompts).values()
    return {suffix: module for module in modules for suffix in getattr(module, "SUFFIXES", ())}
