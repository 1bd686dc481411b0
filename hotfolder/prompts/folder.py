"""`folder.toml`: what a folder in `inbox/` says for all prompt files below it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta

from hotfolder import bounded_toml
from hotfolder.prompts import keys
from hotfolder.recipes import links, schema
from hotfolder.recipes.prompt import choices, parts

NAME = "folder.toml"
_WINDOW = re.compile("(\\d{1,2}):(\\d\\d) ?(?:to|-|\u2013) ?(\\d{1,2}):(\\d\\d)")
_DAY = 24 * 60

Name = Annotated[str, Meta(min_length=1, max_length=64)]


def window(text: str) -> tuple[int, int]:
    """The minutes of the day at which a window opens and closes; ValueError with a sentence."""
    match = _WINDOW.fullmatch(text.strip())
    if not match or int(match[1]) > 24 or int(match[3]) > 24:
        raise ValueError('expected times of the day like "22:00 to 07:00"')
    opens, closes = (int(match[k]) * 60 + int(match[k + 1]) for k in (1, 3))
    return opens % _DAY, closes % _DAY


def is_open(text: str, minute: int) -> bool:
    """Whether a window is open at a minute of the day; one that closes as it opens always is."""
    opens, closes = window(text)
    inside = (minute - opens) % _DAY < (closes - opens) % _DAY
    return opens == closes or inside


class Folder(keys.Keys, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a folder: those of a prompt file, but for prompt and seed, and these.

    `only` is the time of the day in which its files are drawn from, `priority` orders folders: the
    larger first, 0 for all files in none. `notify` says who is told of the finals of what was drawn
    for its files: names that the owner has given to targets in `[notify.named]`.
    """

    only: Annotated[str, schema.checked(window)] | None = None
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    one_prompt_per: Literal["paragraph", "line"] | None = None
    notify: Name | Annotated[list[Name], Meta(max_length=8)] = []


OWN = ("only", "priority", "one_prompt_per", "notify")


def told(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that a folder's table says are told."""
    return parts(table.get("notify", ()))


def parse(text: str) -> Mapping[str, Any]:
    """The table of a folder's file; raises MistakesError with every wrong key."""
    table = bounded_toml.table(text)
    schema.convert(links.read(table), Folder)
    return table


def together(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What folders in one another say together, the outermost first: inner ones decide.

    Fixed and random parts of all are added.
    """
    merged: dict[str, Any] = {}
    for table in tables:
        added: dict[str, Any] = {}
        if "fixed" in table:
            added["fixed"] = [*parts(merged.get("fixed", "")), *parts(table["fixed"])]
        if "random" in table:
            both = [*choices(merged.get("random", [])), *choices(table["random"])]
            added["random"] = [list(one) for one in both]
        for one, other in (("size", "aspect"), ("aspect", "size")):
            if one in table:
                merged.pop(other, None)
        merged = schema.merge(merged, {**table, **added})
    return merged
