"""A prompt and its negative prompt as they were written -> what a recipe says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from hotfolder.recipes.prompt_syntax import parse, tags
from hotfolder.recipes.prompt_syntax.tags import LoraTag
from hotfolder.recipes.prompt_syntax.tree import Node, Tree, Words

MOST_NOTES = 20
# Ways to say how strongly words count that are of other programs, or of other keyboards.
_NOT_OURS = re.compile(
    r"(?:\)|(?<!\w)[A-Za-z]{3,40})\+{1,9}(?=[\s,.]|$)"  # InvokeAI's castle++ and (red cat)+
    r"|\)\d\.\d{1,9}"  # its (castle)1.3
    r"|\([^()]{1,100}:\d{1,3},\d{1,9}\)"
    "|[(\uff08][^()\uff08\uff09]{1,100}[:\uff1a]\\s?\\d{1,3}(?:\\.\\d{1,9})?\uff09"
    "|\\([^()]{1,100}\uff1a\\s?\\d{1,3}(?:\\.\\d{1,9})?\\)"
)

Emphasis = Literal["a1111", "compel", "none"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `tree` is None where there are but words: they are taken as they stand.

    `notes` are sentences about what has no effect.
    """

    tree: Tree | None = None
    loras: tuple[LoraTag, ...] = ()
    notes: tuple[str, ...] = ()


def read(prompt: str, negative: str, steps: int, emphasis: Emphasis = "a1111") -> Reading:
    """The reading of a picture's prompts, which is drawn in `steps` steps from pure noise.

    With the emphasis "none" brackets of attention are text; all else has its meaning.
    """
    said, unwanted = tags.take(prompt), tags.take(negative)
    weighted = emphasis != "none"
    parts = parse.parts(said.text, steps, weighted)
    against = parse.nodes(unwanted.text, steps, weighted)
    notes = [*said.notes, *unwanted.notes]
    notes += [
        f"<lora:{lora.name}> in a negative prompt has no effect: a LoRA works on the whole picture"
        for lora in unwanted.loras
    ]
    notes += [note for one in (said, unwanted) for note in _meant(one.text) if weighted]
    plain = len(parts) == 1 and _are(parts[0].nodes, prompt) and _are(against, negative)
    tree = None if plain else Tree(parts, against)
    return Reading(tree, said.loras, tuple(dict.fromkeys(notes))[:MOST_NOTES])


def _meant(text: str) -> Iterator[str]:
    """What looks like a weight and is none."""
    for match in islice(_NOT_OURS.finditer(text), MOST_NOTES):
        yield f"{match[0]} is read as words; for words that count more, write (castle:1.3)"


def _are(nodes: tuple[Node, ...], text: str) -> bool:
    """Whether these nodes are the text itself."""
    return nodes == ((Words(text),) if text else ())
