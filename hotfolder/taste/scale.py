"""Features of all kinds on one scale, so that each kind counts alike whatever its length.

No judgement is asked, so pictures that nobody judged yet help to find it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hotfolder.taste import words
from hotfolder.taste.features import Features, unpack

Array = np.ndarray[Any, np.dtype[Any]]

WORDS = "words"
_MOST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Kind:
    """How numbers of one kind are put on the common scale: (n, width) -> `(x - mean) * scale`."""

    mean: Array
    scale: Array


@dataclass(frozen=True, slots=True)
class Scale:
    """A map from features to columns: first those of words, then of each kind of numbers in turn.

    `columns` says which column a word has, `said` how those are scaled, `kinds` how numbers are.
    """

    columns: Mapping[str, int]
    said: Kind
    kinds: Mapping[str, Kind]

    @property
    def names(self) -> list[str]:
        """The kind of each column."""
        names = [WORDS] * len(self.columns)
        return names + [name for name, kind in self.kinds.items() for _ in range(len(kind.mean))]

    def rows(self, pictures: Sequence[Features]) -> Array:
        """Pictures on the scale, float32 (n, columns); what one lacks is taken for usual."""
        parts = [(_indicators(pictures, self.columns) - self.said.mean) * self.said.scale]
        for name, kind in self.kinds.items():
            parts.append((_numbers(pictures, name, kind.mean) - kind.mean) * kind.scale)
        return np.concatenate(parts, axis=1)


def words_of(picture: Features) -> frozenset[str]:
    """The words of a picture's recipe."""
    tags = [("profile", picture.profile), ("file", picture.prompt_file)]
    return words.tagged(picture.prompt, picture.width, picture.height, tags)


def family(kind: str) -> str:
    """What a kind belongs to: the part of its name before the dot."""
    return kind.partition(".")[0]


def part(kind: str) -> str:
    """What a kind is, without its version and model."""
    return kind.partition(" ")[0]


def find(pictures: Sequence[Features], without: Collection[str] = ()) -> Scale:
    """The scale for pictures; families of kinds that are `without` are left out.

    The mean square of a row's columns of one family is 1, however many kinds and models it has.
    """
    columns, said = _vocabulary(pictures)
    names = sorted({name for picture in pictures for name in picture.kinds})
    kinds = {name: _kind(pictures, name) for name in names if family(name) not in without}
    found = {name: kind for name, kind in kinds.items() if kind is not None}
    parts = Counter(family(kind) for kind in {part(name) for name in found})
    shares = {name: 1 / np.sqrt(parts[family(name)]) for name in found}
    return Scale(
        columns, said, {name: Kind(k.mean, k.scale * shares[name]) for name, k in found.items()}
    )


def _vocabulary(pictures: Sequence[Features]) -> tuple[dict[str, int], Kind]:
    """Words that tell pictures apart, the rarer the more; those of one picture alone do not."""
    counts = Counter(word for picture in pictures for word in words_of(picture))
    common = [(word, n) for word, n in counts.items() if 2 <= n < len(pictures)]
    kept = sorted(common, key=lambda pair: (-pair[1], pair[0]))[:_MOST_WORDS]
    share = np.array([n for _, n in kept], np.float32) / max(1, len(pictures))
    rarity = np.sqrt(-np.log(np.maximum(share, 1e-9)))
    power = float((rarity**2 * share * (1 - share)).sum())
    columns = {word: column for column, (word, _) in enumerate(kept)}
    return columns, Kind(share, (rarity / np.sqrt(max(power, 1e-9))).astype(np.float32))


def _kind(pictures: Sequence[Features], name: str) -> Kind | None:
    """How a kind is scaled; None where its numbers are all the same."""
    rows = [unpack(picture.kinds[name]) for picture in pictures if name in picture.kinds]
    [(length, _)] = Counter(map(len, rows)).most_common(1)
    values = np.stack([row for row in rows if len(row) == length])
    mean, spread = values.mean(0), values.std(0)
    varies = spread > 1e-3
    if not varies.any():
        return None
    inverse = np.divide(1, spread, out=np.zeros_like(spread), where=varies)
    return Kind(mean, inverse / np.float32(np.sqrt(varies.sum())))


def _indicators(pictures: Sequence[Features], columns: Mapping[str, int]) -> Array:
    said = np.zeros((len(pictures), len(columns)), np.float32)
    for row, picture in enumerate(pictures):
        said[row, [columns[word] for word in words_of(picture) if word in columns]] = 1
    return said


def _numbers(pictures: Sequence[Features], name: str, usual: Array) -> Array:
    values = np.tile(usual, (len(pictures), 1))
    for row, picture in enumerate(pictures):
        data = picture.kinds.get(name, b"")
        if len(data) == len(usual):
            values[row] = unpack(data)
    return values
