"""Which files are prompts, and what reads them: the modules of this package that say so."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from hotfolder import prompts
from hotfolder.errors import did_you_mean, mistake
from hotfolder.modules import modules_of
from hotfolder.prompts.paragraphs import Written


def suffixes() -> frozenset[str]:
    """The endings of all files that are read as prompts, in lower case with their dot."""
    return frozenset(_formats())


def is_text(suffix: str) -> bool:
    """Whether `parse_text` reads files with this ending."""
    module = _formats().get(suffix.lower())
    return module is not None and module.READS == "text"


def parse_text(suffix: str, text: str) -> tuple[Written, ...]:
    """The prompts of a text file with this ending; raises MistakesError."""
    if not is_text(suffix):
        known = [ending for ending in suffixes() if is_text(ending)]
        raise mistake(f"no prompts are read from {suffix} files; {did_you_mean(suffix, known)}")
    found: tuple[Written, ...] = _formats()[suffix.lower()].parse(text)
    return found


@lru_cache(maxsize=1)
def _formats() -> dict[str, ModuleType]:
    modules = modules_of(prompts).values()
    return {suffix: module for module in modules for suffix in getattr(module, "SUFFIXES", ())}
