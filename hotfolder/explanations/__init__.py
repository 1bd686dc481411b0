"""Longer help on what hotfolder says: one Markdown file for each topic, which is named after it.

It begins with its title and, as quotations, with the sentences that it explains; "…" in them
stands for what differs. So a sentence leads to its topics, wherever it was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ENDING = ".md"
_ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A topic: the parts of sentences that it explains, and its text in Markdown."""

    title: str
    sentences: tuple[str, ...]
    text: str


@cache
def explanations() -> Mapping[str, Explanation]:
    """All topics by name, sorted."""
    found = (file for file in files(__name__).iterdir() if file.name.endswith(_ENDING))
    texts = {file.name.removesuffix(_ENDING): file.read_text("utf-8") for file in found}
    return {name: _explanation(texts[name]) for name in sorted(texts)}


def topics(says: str) -> list[str]:
    """The names of the topics that explain what was said, sorted; takes linear time."""
    lines = says.splitlines()
    known = explanations().items()
    return [
        name
        for name, topic in known
        if any(_says(line, sentence) for line in lines for sentence in topic.sentences)
    ]


def more(says: str) -> str:
    """Where to read more about what was said: a sentence, or nothing."""
    names = topics(says)
    return f"More about it: hotfolder explain {' '.join(names)}" if names else ""


def _says(line: str, sentence: str) -> bool:
    at = 0
    for part in sentence.split(_ANYTHING):
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _explanation(text: str) -> Explanation:
    lines = text.splitlines()
    quoted = tuple(line.removeprefix("> ") for line in lines if line.startswith("> "))
    return Explanation(lines[0].removeprefix("# "), quoted, text)
