"""What detectors look at, what they find, and what several marks say together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hotfolder.images.metadata import Metadata

REJECTED = -1


@dataclass(frozen=True, slots=True)
class DraftFile:
    """All that is to be seen of a picture without decoding it. Anything of it may be hostile.

    `path` is relative to the studio. `beside` has the contents of the files beside it that the
    detectors asked for, by their pattern; `xattrs` its extended attributes.
    """

    path: str
    metadata: Metadata | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> PurePosixPath:
        """The path, to ask for its parts."""
        return PurePosixPath(self.path)


@dataclass(frozen=True, slots=True)
class Mark:
    """What one place says: stars from 0 to 5, -1 for rejected, or tags and labels in lower case.

    `where` tells one place from another, as in "xmp:Rating". The owner decides which words count.
    """

    where: str
    stars: int = 0
    words: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.stars or self.words)


def words(where: str, *found: str) -> Mark:
    """A mark of tags or labels; upper and lower case are the same."""
    return Mark(where, words=frozenset(word.strip().casefold() for word in found if word.strip()))


def together(marks: Collection[Mark], least: int, tags: Collection[str]) -> int:
    """One rating of all: -1 if any rejects, else the most stars.

    A tag or label says nothing of how many stars it means: one of the owner's `tags` counts as the
    `least` that pick.
    """
    if any(mark.stars == REJECTED for mark in marks):
        return REJECTED
    wanted = {tag.strip().casefold() for tag in tags}
    tagged = any(mark.words & wanted for mark in marks)
    return max([least if tagged else 0, *(mark.stars for mark in marks)])
