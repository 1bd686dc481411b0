"""What a judge has learned, in words: what pictures that score high have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hotfolder.taste.features import Features, unpack
from hotfolder.taste.judge import Judge
from hotfolder.taste.scale import words_of

Array = np.ndarray[Any, np.dtype[Any]]

_LEAST = 5  # pictures with a word, and without
_CLEAR = 2.0  # standard errors
_EMPTY = frozenset(("a", "an", "and", "at", "by", "in", "of", "on", "the", "to", "with"))


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something that matters: `effect` is what it does to the log odds.

    For a word that is the difference between pictures with it and without, for a measure that of
    one standard deviation. `clear` is the same in standard errors.
    """

    what: str
    effect: float
    clear: float


def of_words(judge: Judge, pictures: Sequence[Features]) -> list[Lesson]:
    """The words that matter, the clearest first; of two that always come together, one."""
    logits = judge.logits(pictures)
    said = [words_of(picture) for picture in pictures]
    lessons: dict[tuple[int, ...], Lesson] = {}
    for word in sorted(set().union(*said), key=lambda word: (len(word.split()), word)):
        having = np.array([word in words for words in said])
        if word in _EMPTY or min(having.sum(), (~having).sum()) < _LEAST:
            continue
        lesson = _difference(word, logits[having], logits[~having])
        lessons.setdefault(tuple(np.flatnonzero(having).tolist()), lesson)
    return _sorted(list(lessons.values()))


def of_measures(
    judge: Judge, pictures: Sequence[Features], named: Mapping[str, Sequence[str]]
) -> list[Lesson]:
    """The measures that matter, the clearest first; `named` are the first numbers of each kind."""
    lessons = []
    for kind, names in named.items():
        having = [picture for picture in pictures if kind in picture.kinds]
        if not names or len(having) < 2 * _LEAST:
            continue
        logits = judge.logits(having)
        values = np.stack([unpack(picture.kinds[kind])[: len(names)] for picture in having])
        for name, column in zip(names, values.T, strict=True):
            if column.std() > 0 and logits.std() > 0:
                lessons.append(_correlated(name, column, logits))
    return _sorted(lessons)


def _difference(word: str, having: Array, lacking: Array) -> Lesson:
    effect = float(having.mean() - lacking.mean())
    error = np.sqrt(having.var() / len(having) + lacking.var() / len(lacking)) + 1e-6
    return Lesson(word, effect, float(effect / error))


def _correlated(name: str, values: Array, logits: Array) -> Lesson:
    together = float(np.corrcoef(values, logits)[0, 1])
    clear = together * np.sqrt(len(values) / max(1e-6, 1 - together**2))
    return Lesson(name, together * float(logits.std()), float(clear))


def _sorted(lessons: list[Lesson]) -> list[Lesson]:
    clear = [lesson for lesson in lessons if abs(lesson.clear) >= _CLEAR]
    return sorted(clear, key=lambda lesson: -abs(lesson.clear))
