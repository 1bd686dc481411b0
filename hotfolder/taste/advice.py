"""What taste says: what to draw, what to give up and what to pick by itself. Plain data."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from hotfolder.taste.odds import Odds
from hotfolder.taste.rule import Rule


class Favourite(Struct, frozen=True, omit_defaults=True):
    """A draft that goes to `seeds/` by itself: where it lies, its key, its sidecars, and why."""

    path: str
    key: str
    why: str
    sidecars: Mapping[str, str] = {}


class Advice(Struct, frozen=True, omit_defaults=True):
    """What was learned last; nothing where nothing is asked for, or too little known.

    `picked_at` is when favourites were last looked for, in seconds since 1970.
    """

    odds: Odds | None = None
    rule: Rule | None = None
    favourites: tuple[Favourite, ...] = ()
    picked_at: float = 0.0


NONE = Advice()
