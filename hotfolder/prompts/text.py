"""Plain text and Markdown: every paragraph is a prompt."""

from __future__ import annotations

from hotfolder.prompts import paragraphs
from hotfolder.prompts.paragraphs import PLAIN, Custom, Written

SUFFIXES = (".txt", ".md")
READS = "text"


def parse(text: str, custom: Custom = PLAIN) -> tuple[Written, ...]:
    """The prompts of a text; raises MistakesError with the lines that are wrong."""
    return paragraphs.prompts(text, custom)
