"""What a template's choices and word lists became in one prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LIST = re.compile(r"__([^_\s,{}](?:[^_{},\n]|_(?!_)){0,63})__")
_BRACE = re.compile(r"[{}]")
_MOST = 32
_LONGEST = 80


def values(template: str, prompt: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each `{a|b}` and `__list__` that stands openly in `template`.

    A list's name is its own, without underscores; a choice has the name "". The words between them
    say where each value ends, so that neither seeds nor word lists are needed: at most 32 values
    of at most 80 characters, and none from the first place on where the two texts do not agree.
    """
    pieces = list(_pieces(template))
    at = 0
    for number, (name, literal) in enumerate(pieces[: _MOST * 2]):
        if name is None:
            if not prompt.startswith(literal, at):
                return
            at += len(literal)
            continue
        following = pieces[number + 1] if number + 1 < len(pieces) else (None, "")
        if following[0] is not None:
            return  # two values side by side: nothing says where the first one ends
        end = prompt.find(following[1], at) if following[1] else len(prompt)
        if end < 0:
            return
        value = prompt[at:end].strip()
        if value and len(value) <= _LONGEST:
            yield name, value
        at = end


def _pieces(template: str) -> Iterator[tuple[str | None, str]]:
    """(None, words) and (name, "") in turn, as they stand in a template."""
    closing = _closing(template)
    at = plain = 0
    while at < len(template):
        found: tuple[str, int] | None = None
        if end := closing.get(at):
            found = ("", end)
        elif match := _LIST.match(template, at):
            found = (match[1], match.end())
        if found is None:
            at += 1
            continue
        if at > plain:
            yield None, template[plain:at]
        yield found[0], ""
        at = plain = found[1]
    if plain < len(template):
        yield None, template[plain:]


def _closing(template: str) -> dict[int, int]:
    """For each opening brace that is closed, where it stands: the place behind the closing one."""
    opened: list[int] = []
    found = {}
    for match in _BRACE.finditer(template):
        if match[0] == "{":
            opened.append(match.start())
        elif opened:
            found[opened.pop()] = match.end()
    return found
