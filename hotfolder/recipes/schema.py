"""Check a table that a person wrote against a msgspec Struct: every mistake at once, in words."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from hotfolder.errors import Mistake, MistakesError, did_you_mean

T = TypeVar("T", bound=Struct)

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
    "null": "nothing",
}


def checked(check: Callable[[str], object]) -> msgspec.Meta:
    """Marks a text field whose value `check` must accept; it raises ValueError with a sentence."""
    return msgspec.Meta(extra={"check": check})


def convert(table: Mapping[str, Any], shape: type[T], where: str = "") -> T:
    """The Struct that `table` describes; raises MistakesError that names every wrong key."""
    mistakes: list[Mistake] = []
    struct = _convert(table, shape, where, mistakes)
    if mistakes or struct is None:
        raise MistakesError(mistakes)
    return struct


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `under`, table by table; neither is changed."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value
    return merged


def _convert(
    table: Mapping[str, Any], shape: type[T], where: str, mistakes: list[Mistake]
) -> T | None:
    hints = typing.get_type_hints(shape, include_extras=True)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(shape)}
    values: dict[str, Any] = {}
    before = len(mistakes)
    for key, value in table.items():
        path = f"{where}.{key}" if where else str(key)
        if key not in names:
            mistakes.append(Mistake(path, f"unknown key; {did_you_mean(key, names)}"))
            continue
        hint = hints[names[key]]
        if isinstance(hint, type) and issubclass(hint, Struct):
            if not isinstance(value, Mapping):
                mistakes.append(Mistake(path, f"expected a table, got {_shown(value)}"))
                continue
            values[names[key]] = _convert(value, hint, path, mistakes)
            continue
        try:
            values[names[key]] = _checked_value(value, hint)
        except (msgspec.ValidationError, ValueError) as error:
            says = _one_of(hint, value) or f"{_in_words(str(error))}, got {_shown(value)}"
            mistakes.append(Mistake(path, says))
    for field in msgspec.structs.fields(shape):
        if field.required and field.encode_name not in table:
            path = f"{where}.{field.encode_name}" if where else field.encode_name
            mistakes.append(Mistake(path, "this key is missing"))
    return None if len(mistakes) > before else shape(**values)


def _checked_value(value: Any, hint: Any) -> Any:
    converted = msgspec.convert(value, hint)
    for meta in getattr(hint, "__metadata__", ()):
        check = (meta.extra or {}).get("check") if isinstance(meta, msgspec.Meta) else None
        if check is not None:
            for text in [converted] if isinstance(converted, str) else converted:
                check(text)
    return converted


def _one_of(hint: Any, value: Any) -> str:
    """A sentence for a field that takes certain words only, or nothing for other fields."""
    if typing.get_origin(hint) is typing.Literal and isinstance(value, str):
        return f"{_shown(value)} is not known; {did_you_mean(value, typing.get_args(hint))}"
    return ""


def _in_words(message: str) -> str:
    """msgspec's sentence in words for people who do not program."""
    if match := re.match(r"Expected `([^`]+)`, got `", message):
        kinds = [_WORDS.get(kind.strip(), kind.strip()) for kind in match[1].split("|")]
        return "expected " + " or ".join(kind for kind in kinds if kind != "nothing")
    message = re.sub(r" - at `.*`$", "", message)
    for kind, words in _WORDS.items():
        message = message.replace(f"`{kind}`", words)
    return message[:1].lower() + message[1:]


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
