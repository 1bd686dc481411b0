"""One text for equal values: msgspec leaves a field out only if it *is* the default.

A text that is equal to the default and another object is left in. It comes so from another process
and from a file that says it; what is drawn has the default itself.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct, structs


def restore(struct: Struct) -> None:
    """Put the defaults of a struct in the place of texts that are equal to them."""
    for name, default in _texts(type(struct)):
        if getattr(struct, name) == default:
            structs.force_setattr(struct, name, default)


@cache
def _texts(kind: type[Struct]) -> tuple[tuple[str, str], ...]:
    known = ((field.name, field.default) for field in structs.fields(kind))
    return tuple((name, default) for name, default in known if isinstance(default, str))
