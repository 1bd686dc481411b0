"""Files that have settled and are to be read, or are withheld for a reason."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from hotfolder.studio.reading import Reading


class Urgency(IntEnum):
    """What kind of file waits to be read; smaller comes first."""

    PROMPT = 0  # inbox/
    SEED = 1  # seeds/
    NEWS = 2  # a draft that has changed, or what lies beside it
    FIRST_LOOK = 3  # a draft that lay there before: nobody waits for it


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why a file that has settled is not used, and what its owner may know of that.

    "turn": the owner's limits let in only so many files in a minute. "finished": another machine is
    done with the file in the state of `reading`, and its move has yet to arrive. "stranger": it
    has no business where it lies. "gone": it was not there when it was its turn.
    """

    why: Literal["conflict", "turn", "finished", "gone", "unreadable", "stranger"]
    says: str
    reading: Reading | None = None


@dataclass(slots=True)
class Backlog:
    """The paths of files that are to be read, in the order in which they came."""

    # Ordered ones: the first key of a dict is looked for among all that were before it.
    _paths: dict[Urgency, OrderedDict[str, None]] = field(
        default_factory=lambda: {urgency: OrderedDict() for urgency in Urgency}
    )

    def add(self, path: str, urgency: Urgency) -> None:
        """A file is to be read, once however often this is said."""
        self._paths[urgency].setdefault(path, None)

    def drop(self, path: str) -> None:
        """A file is gone, or has begun to change."""
        for paths in self._paths.values():
            paths.pop(path, None)

    def first(self) -> tuple[str, Urgency] | None:
        """The file to read next, and how urgent it is; None if there is none."""
        for urgency, paths in self._paths.items():
            if paths:
                return next(iter(paths)), urgency
        return None

    def done(self, path: str, urgency: Urgency) -> None:
        """A file was read."""
        self._paths[urgency].pop(path, None)

    def has(self, *urgencies: Urgency) -> bool:
        """Whether any file of these kinds is to be read."""
        return any(self._paths[urgency] for urgency in urgencies)

    def is_at_first_look(self, path: str) -> bool:
        """Whether a draft lay there before the first look, and was not read since."""
        return path in self._paths[Urgency.FIRST_LOOK]
