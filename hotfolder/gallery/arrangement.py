"""What is shown in which order, what belongs together, and what it is found by. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hotfolder.gallery.exhibit import Exhibit

_MOST_TAGS = 40
_LONGEST_TAG = 24
_PHRASE_ENDS = re.compile(r"[,\uff0c\u3001\u3002.;\uff1b|\n]+")
_NO_WORDS = re.compile(r"<[^<>]*>|\bBREAK\b|\bAND\b|:[\d.]+(?=[)\]])|[()\[\]{}\\\"]")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# What says nothing of a picture's subject: it would be the first tag of every gallery.
_SILENT = frozenset(
    {
        *("and", "the", "with", "from", "for", "into", "onto", "over", "under", "near", "next"),
        *("behind", "beside", "above", "below", "its", "his", "her", "their", "very", "some"),
        *("that", "this", "one", "two", "three", "high", "low", "best", "masterpiece", "quality"),
        *("detailed", "highly", "ultra", "absurdres", "highres", "score"),
    }
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One picture of the gallery, its draft, if that is at hand, and the draft's other finals."""

    shown: Exhibit
    draft: Exhibit | None = None
    siblings: tuple[Exhibit, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """A word of the prompts, and which pictures have it."""

    word: str
    ids: frozenset[str]


def arranged(shown: Iterable[Exhibit], drafts: Mapping[str, Exhibit]) -> list[Piece]:
    """The pictures, the newest first, each once; `drafts` are by the ids of their recipes.

    Those that do not say when they were made come last, in an order of no meaning that stays.
    """
    once = {one.id: one for one in shown}
    ordered = sorted(once.values(), key=lambda one: one.id)
    ordered.sort(key=lambda one: one.created, reverse=True)
    made: dict[str, list[Exhibit]] = {}
    for one in ordered:
        if one.source:
            made.setdefault(one.source, []).append(one)
    return [
        Piece(
            one,
            drafts.get(one.source),
            tuple(other for other in made.get(one.source, ()) if other.id != one.id),
        )
        for one in ordered
    ]


def tags(pieces: Sequence[Piece]) -> list[Tag]:
    """What many pictures, but not nearly all, have in common; the commonest first, at most 40."""
    having: dict[str, set[str]] = {}
    for piece in pieces:
        for word in words(piece.shown.prompt):
            having.setdefault(word, set()).add(piece.shown.id)
    most = max(2, 0.9 * len(pieces))
    counted = Counter({word: len(ids) for word, ids in having.items() if 2 <= len(ids) <= most})
    chosen = sorted(counted, key=lambda word: (-counted[word], word))[:_MOST_TAGS]
    return [Tag(word, frozenset(having[word])) for word in chosen]


def words(prompt: str) -> frozenset[str]:
    """The tags of one prompt: its short phrases, and the words of its longer ones."""
    plain = unicodedata.normalize("NFKC", _NO_WORDS.sub(" ", prompt)).casefold()
    found: set[str] = set()
    for phrase in _PHRASE_ENDS.split(plain):
        short = _SPACE.sub(" ", phrase).strip()
        if _EAST_ASIAN.search(short):
            found |= {short} if len(short) <= _LONGEST_TAG else set()
        elif 0 < short.count(" ") <= 1 and len(short) <= _LONGEST_TAG:
            found |= {short} if not _SILENT.intersection(short.split()) else set()
        else:
            found |= set(_WORD.findall(short)) - _SILENT
    return frozenset(found)


def searchable(prompt: str) -> str:
    """A prompt as the page's search compares it: no case, no brackets, single spaces."""
    plain = unicodedata.normalize("NFKC", _NO_WORDS.sub(" ", prompt)).casefold()
    return _SPACE.sub(" ", plain).strip()
