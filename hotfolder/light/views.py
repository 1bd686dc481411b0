"""Which pictures a page shows, and in which order: a question in, ids and shapes out."""

from __future__ import annotations

import re
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from hotfolder.light.catalogue import Catalogue

Room = Literal["table", "drafts", "seeds", "final", "rejected", "all"]
Order = Literal["newest", "oldest", "stars", "best"]
Text = Annotated[str, Meta(max_length=400)]
_ROOMS: dict[str, tuple[str, ...]] = {
    "table": ("drafts", "seeds"),
    "all": ("drafts", "seeds", "final", "rejected"),
}
_NUMBERS = {"drafts": 0, "seeds": 1, "final": 2, "rejected": 3}
_ORDERS: dict[Order, str] = {
    "newest": "mtime DESC, id DESC",
    "oldest": "mtime, id",
    "best": "score IS NULL, score DESC, mtime DESC, id DESC",
    "stars": "COALESCE(beside, own) DESC, mtime DESC, id DESC",
}
_WORD = re.compile(r'"([^"]+)"|(\S+)')
_SEEN, _STACKED = 1 << 5, 1 << 6


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to see; what is empty does not filter.

    `words` must all stand in the prompt or the name, those in quotes together; one that begins with
    `-` must not. `value` is what a wildcard became. `since` and `until` are days as 2026-11-30, in
    local time. With `stacks`, look-alikes lie behind one of them, unless its id is among `opened`.
    """

    room: Room = "table"
    order: Order = "newest"
    words: Text = ""
    file: Text = ""
    profile: Text = ""
    value: Text = ""
    stars: Annotated[int, Meta(ge=0, le=5)] = 0
    unseen: bool = False
    since: Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d)?\Z")] = ""
    until: Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d)?\Z")] = ""
    stacks: bool = False
    opened: Annotated[tuple[int, ...], Meta(max_length=200)] = ()


Row = tuple[int, float, int, int | None, int]
"""id, width / height, flags, stack, tag."""


def answer(catalogue: Catalogue, question: Question) -> list[Row]:
    """The pictures that a question asks for.

    `flags` has the stars plus one in bits 0 to 2, the room in 3 and 4, whether the picture was seen
    in 5 and whether it lies on a stack in 6. A picture with other contents has another tag.
    """
    where, values = _where(question)
    tag = "(mtime / 1000 + size) & 4294967295"
    query = (
        "SELECT id, width * 1.0 / height, (COALESCE(beside, own) + 1) "
        "| (CASE room WHEN 'seeds' THEN 8 WHEN 'final' THEN 16 WHEN 'rejected' THEN 24 ELSE 0 END)"
        f"| (seen > 0) * {_SEEN}, stack, {tag} FROM picture WHERE {where} ORDER BY "
    )
    rows: list[Row] = catalogue.rows(query + _ORDERS[question.order], values)
    return list(_stacked(rows, set(question.opened))) if question.stacks else rows


def packed(rows: Sequence[Row]) -> bytes:
    """Rows for a browser, little-endian: their number, then all ids, tags and stacks (uint32; 0 is
    no stack), then all shapes (width / height in thousandths, uint16), then all flags (uint8).
    """
    columns = list(zip(*rows, strict=True)) or [()] * 5
    ids, tags = array("I", columns[0]), array("I", columns[4])
    stacks = array("I", [stack or 0 for stack in columns[3]])
    shapes = array("H", [max(100, min(10_000, round(1000 * shape))) for shape in columns[1]])
    if sys.byteorder == "big":
        for numbers in (ids, tags, stacks, shapes):
            numbers.byteswap()
    parts = [part.tobytes() for part in (ids, tags, stacks, shapes)]
    return b"".join([struct.pack("<I", len(rows)), *parts, bytes(columns[2])])


def facets(catalogue: Catalogue) -> dict[str, Any]:
    """What can be chosen from: prompt files, profiles and wildcard values with their numbers."""

    def counted(query: str) -> list[list[Any]]:
        return [list(row) for row in catalogue.rows(query)]

    grouped = "SELECT {0}, COUNT(*) FROM picture WHERE there AND {0} <> '' GROUP BY {0} ORDER BY"
    return {
        "files": counted(grouped.format("file") + " MAX(mtime) DESC LIMIT 200"),
        "profiles": counted(grouped.format("profile") + " 2 DESC LIMIT 100"),
        "values": counted(
            "SELECT text, COUNT(*) FROM value JOIN picture ON picture.id = value.picture "
            "WHERE there GROUP BY text ORDER BY 2 DESC LIMIT 300"
        ),
        "rooms": dict(
            catalogue.rows("SELECT room, COUNT(*) FROM picture WHERE there GROUP BY room")
        ),
    }


def _where(question: Question) -> tuple[str, list[Any]]:
    rooms = _ROOMS.get(question.room, (question.room,))
    parts = ["there", f"room IN ({','.join('?' * len(rooms))})"]
    values: list[Any] = [*rooms]
    for column in ("file", "profile"):
        if wanted := getattr(question, column):
            parts.append(f"{column} = ?")
            values.append(wanted)
    if question.value:
        parts.append("id IN (SELECT picture FROM value WHERE text = ?)")
        values.append(question.value)
    for match in _WORD.finditer(question.words):
        word = (match[1] or match[2]).casefold()
        excluded = not match[1] and word.startswith("-") and len(word) > 1
        parts.append(f"instr(fold(prompt || ' ' || path), ?) {'= 0' if excluded else '> 0'}")
        values.append(word[1:] if excluded else word)
    if question.stars:
        parts.append("COALESCE(beside, own) >= ?")
        values.append(question.stars)
    if question.unseen:
        parts.append("NOT seen")
    for bound, day in ((">=", question.since), ("<", question.until)):
        if day:
            later = "" if bound == ">=" else ", '+1 day'"
            parts.append(f"mtime {bound} strftime('%s', ?, 'utc'{later}) * 1000000000")
            values.append(day)
    return " AND ".join(parts), values


def _stacked(rows: Sequence[Row], opened: set[int]) -> Iterator[Row]:
    """Rows with each stack behind its first picture; what is picked or starred always shows."""
    members: dict[int, list[Row]] = {}
    order: list[Row | int] = []
    for row in rows:
        _, _, flags, stack, _ = row
        marked = (flags >> 3) & 3 or (flags & 7) != 1
        if stack is None or marked:
            order.append(row)
        elif stack in members:
            members[stack].append(row)
        else:
            members[stack] = [row]
            order.append(stack)
    for item in order:
        if not isinstance(item, int):
            yield item
            continue
        stack_rows = members[item]
        is_stack = len(stack_rows) > 1
        id_, shape, flags, stack, tag = stack_rows[0]
        yield id_, shape, flags | (_STACKED if is_stack else 0), stack, tag
        if is_stack and item in opened:
            yield from stack_rows[1:]
