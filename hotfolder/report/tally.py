"""What a studio's pictures add up to: how many, how fast, and which of them were picked. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import gcd

from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.values import values

_PAUSE_S = 900.0


@dataclass(frozen=True, slots=True)
class Share:
    """Of so many drafts with something in common, so many were picked."""

    name: str
    drafts: int
    picked: int

    @property
    def rate(self) -> float:
        """From 0 to 1."""
        return self.picked / self.drafts if self.drafts else 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """`an_hour` counts drafts an hour while any were made; pauses of more than 15 minutes do not
    count. `seconds` are those of the median draft and final. `shares` has a table for each way of
    looking at drafts: by prompt file, profile, wildcard value and aspect.
    """

    drafts: int
    finals: int
    picked: int
    an_hour: float
    seconds: Mapping[str, float]
    shares: Mapping[str, tuple[Share, ...]]


def tally(made: Iterable[tuple[Recipe, Record]], picked: frozenset[str]) -> Tally:
    """Add up all pictures that were ever made; `picked` are the ids of recipes that lie in seeds/.

    A draft that has finals was picked as well, wherever it lies now.
    """
    drafts: dict[str, tuple[Recipe, Record]] = {}
    finals: dict[str, Record] = {}
    chosen = set(picked)
    for recipe, record in made:
        if record.stage == "draft":
            drafts.setdefault(recipe.id, (recipe, record))
        else:
            finals.setdefault(recipe.id, record)
            if isinstance(recipe.source, Recipe):
                chosen.add(recipe.source.id)
    records = {"draft": [record for _, record in drafts.values()], "final": list(finals.values())}
    return Tally(
        drafts=len(drafts),
        finals=len(finals),
        picked=len(chosen & drafts.keys()),
        an_hour=_an_hour(records["draft"]),
        seconds={stage: _median([r.seconds for r in found]) for stage, found in records.items()},
        shares=_shares(drafts, chosen),
    )


def _shares(
    drafts: Mapping[str, tuple[Recipe, Record]], chosen: set[str]
) -> dict[str, tuple[Share, ...]]:
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for id_, (recipe, record) in drafts.items():
        names = [("prompt file", record.prompt_file), ("profile", record.profile)]
        names += [("aspect", _aspect(recipe.width, recipe.height))]
        words = dict.fromkeys(text for _, text in values(record.template, recipe.prompt))
        names += [("wildcard value", text) for text in words]
        for kind, name in names:
            if name:
                counts[kind][name][0] += 1
                counts[kind][name][1] += id_ in chosen
    found = {}
    for kind in ("prompt file", "profile", "wildcard value", "aspect"):
        shares = [Share(name, *numbers) for name, numbers in counts[kind].items()]
        shares.sort(key=lambda share: (-share.rate, -share.drafts, share.name))
        if shares:
            found[kind] = tuple(shares)
    return found


def _aspect(width: int, height: int) -> str:
    """The nearest of the usual aspects, as in "3:2"."""
    usual = [(1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (21, 9)]
    sides = [*usual, *((b, a) for a, b in usual if a != b)]
    a, b = min(sides, key=lambda side: abs(side[0] / side[1] / (width / height) - 1))
    return f"{a // gcd(a, b)}:{b // gcd(a, b)}"


def _an_hour(records: list[Record]) -> float:
    times = sorted(at for record in records if (at := _time(record.created)) is not None)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    busy = [gap for gap in gaps if gap <= _PAUSE_S]
    return len(busy) / sum(busy) * 3600 if sum(busy) > 0 else 0.0


def _time(created: str) -> float | None:
    try:
        return datetime.fromisoformat(created).timestamp()
    except ValueError:
        return None


def _median(numbers: list[float]) -> float:
    ordered = sorted(number for number in numbers if number > 0)
    return ordered[len(ordered) // 2] if ordered else 0.0
