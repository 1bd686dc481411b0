"""What an owner did with pictures: each a line, never changed, and what they say together."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

How = Literal[
    "picked", "starred", "kept", "rejected", "deleted", "regretted", "seen", "passed", "withdrawn",
    "chosen",
]  # fmt: skip

PICKED: frozenset[How] = frozenset({"picked", "starred", "kept"})
SORTED: frozenset[How] = PICKED | {"rejected", "deleted", "regretted"}
CERTAIN: frozenset[How] = SORTED | {"seen"}
_WEIGHTS: Mapping[How, float] = {
    "picked": 1.0,
    "starred": 1.0,
    "kept": 1.25,
    "rejected": 1.0,
    "deleted": 1.0,
    "regretted": 0.5,
    "seen": 1.0,
    "passed": 0.2,
    "withdrawn": 0.0,
    "chosen": 0.0,
}
_FOR_EACH_STAR = 0.25
_NEIGHBOURS = 3


class Judgement(Struct, frozen=True, omit_defaults=True):
    """What was done with one picture, at a time in seconds since 1970.

    `picked`: it was moved to `seeds/`. `starred`: some program marked it, with so many `stars`.
    `kept`: of a picked picture's finals, some were taken away and others left, so they were sorted.
    `rejected`: it was moved to `drafts/rejected/`, or marked so. `deleted`: it was thrown away on
    the light table. `regretted`: it was picked, and all its finals were thrown away there or
    rejected. `seen`: it was certainly looked at and left. `passed`: it is older than a picked
    neighbour, so it was probably looked at. `withdrawn`: what was said of it before holds no
    longer. `chosen`: hotfolder itself has moved it to `seeds/`, which says nothing of its owner.
    """

    picture: Annotated[str, Meta(max_length=256)]
    how: How
    at: Annotated[float, Meta(ge=0)] = 0.0
    stars: Annotated[int, Meta(ge=0, le=5)] = 0

    @property
    def liked(self) -> bool:
        """Whether it speaks for the picture."""
        return self.how in PICKED

    @property
    def sorted(self) -> bool:
        """Whether the owner has decided on the picture."""
        return self.how in SORTED

    @property
    def certain(self) -> bool:
        """Whether the owner surely saw the picture."""
        return self.how in CERTAIN

    @property
    def weight(self) -> float:
        """How much it counts before it fades."""
        return _WEIGHTS[self.how] + _FOR_EACH_STAR * max(0, self.stars - 1)


def standing(judgements: Iterable[Judgement]) -> dict[str, Judgement]:
    """The judgement that holds of each picture, in the order of their times.

    The last one holds, but nothing that was only seen or guessed replaces what was decided, and no
    guess what is certain.
    """
    last: dict[str, Judgement] = {}
    for judgement in sorted(judgements, key=lambda judgement: judgement.at):
        before = last.get(judgement.picture)
        if before is not None:
            if judgement.how == "passed" and before.certain:
                continue
            if judgement.how == "seen" and before.sorted:
                continue
            del last[judgement.picture]
        last[judgement.picture] = judgement
    return {picture: j for picture, j in last.items() if j.how != "withdrawn"}


def counting(stands: Iterable[Judgement]) -> list[Judgement]:
    """Those that say something of the owner, the oldest first."""
    return sorted((j for j in stands if j.weight > 0), key=lambda judgement: judgement.at)


def guessed(
    stands: Mapping[str, Judgement], order: Sequence[str], lying: Container[str]
) -> list[Judgement]:
    """Drafts that were probably looked at and left: the last few made before each picked one.

    `order` has the keys of drafts as they were made; only those that are `lying` there still, and
    were not judged, can have been left.
    """
    passed: dict[str, Judgement] = {}
    before: list[str] = []
    for picture in order:
        judgement = stands.get(picture)
        if judgement is None and picture in lying:
            before.append(picture)
        elif judgement is not None and judgement.liked:
            for neighbour in before[-_NEIGHBOURS:]:
                passed[neighbour] = Judgement(neighbour, "passed", judgement.at)
    return list(passed.values())
