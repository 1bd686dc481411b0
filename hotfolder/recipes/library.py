"""The LoRAs and embeddings in the owner's folders, by all the names that prompts know them by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

AUTOV2 = 10  # hex digits of a file's SHA-256 that programs show


@dataclass(frozen=True, slots=True)
class Offer:
    """A file of weights: its name without folders and ending, and what else it is called.

    `others` are an alias in its metadata and the SHA-256 of the file, where those are known.
    """

    name: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """What prompts can name: maps of every spelling to the name of the file."""

    loras: Mapping[str, str] = field(default_factory=dict)
    embeddings: Mapping[str, str] = field(default_factory=dict)


def spellings(offers: Iterable[Offer]) -> dict[str, str]:
    """Every spelling of these files' names -> the name; of several files the first has it."""
    known: dict[str, str] = {}
    listed = list(offers)
    for offer in listed:
        known.setdefault(offer.name, offer.name)
    for offer in listed:
        known.setdefault(offer.name.casefold(), offer.name)
    for offer in listed:
        for other in offer.others:
            is_hash = re.fullmatch(r"[0-9a-f]{64}", other)
            known.setdefault(other[:AUTOV2] if is_hash else other.casefold(), offer.name)
    return known


def named(known: Mapping[str, str], written: str) -> str | None:
    """The name of the file that `written` means: in any case, with or without folder and ending."""
    bare = re.split(r"[\\/]", written.strip())[-1].removesuffix(".safetensors")
    return known.get(bare) or known.get(bare.casefold())


def mentioned(known: Mapping[str, str], text: str) -> tuple[str, ...]:
    """The names of embeddings that stand in a text as whole words, sorted."""
    if not known:
        return ()
    by_first: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for spelling, name in known.items():
        if first := re.match(r"\w+", spelling):
            by_first[first[0].casefold()].append((spelling.casefold(), name))
    folded = text.casefold()
    found = set()
    for word in re.finditer(r"\w+", folded):
        for spelling, name in by_first.get(word[0], ()):
            end = word.start() + len(spelling)
            if folded[word.start() : end] == spelling and not re.match(
                r"\w", folded[end : end + 1]
            ):
                found.add(name)
    return tuple(sorted(found))
