"""Check a table that a person wrote against a msgspec Struct: every mistake at once, in words."""

from __future__ import annotations

import functools
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Struct

from hotfolder.errors import Mistake, MistakesError, did_you_mean

T = TypeVar("T", bound=Struct)

# What other programs call our keys, where letters alone do not lead there.
_ELSEWHERE = {
    "sampler": "scheduler",
    "sampler_name": "scheduler",
    "width": "size",
    "height": "size",
    "resolution": "size",
    "ar": "aspect",
    "batch_size": "count",
    "batch_count": "count",
    "n_iter": "count",
    "num_images": "count",
    "cfg": "guidance_scale",
    "denoising_strength": "strength",
    "denoise": "strength",
    "text": "prompt",
}
_KINDS = {int: "a whole number", float: "a number", str: "text in quotes", bool: "true or false"}
_LONGEST = 200  # characters of a key that is likened to others
_MOST_UNKNOWN = 20  # keys that are named one by one
_SEVERAL = {int: "whole numbers", float: "numbers", str: "texts"}


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
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def _convert(
    table: Mapping[str, Any], shape: type[T], where: str, mistakes: list[Mistake]
) -> T | None:
    hints, fields = _described(shape)
    names = {field.encode_name: field.name for field in fields}
    values: dict[str, Any] = {}
    before = len(mistakes)
    unknown = [key for key in table if key not in names]
    mistakes += [
        Mistake(_path(where, key), _unknown(key, names)) for key in unknown[:_MOST_UNKNOWN]
    ]
    if more := len(unknown[_MOST_UNKNOWN:]):
        mistakes.append(Mistake(where, f"{more:,} more unknown keys"))
    for key, value in table.items():
        path = _path(where, key)
        if key not in names:
            continue
        hint = hints[names[key]]
        inner = _table(hint)
        if inner is not None and isinstance(value, Mapping):
            values[names[key]] = _convert(value, inner, path, mistakes)
            continue
        if entry := _entry(hint):
            if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
                says = f"expected tables under [[{path}]], got {_shown(value)}"
                mistakes.append(Mistake(path, says))
                continue
            places = enumerate(value, 1)
            values[names[key]] = [
                _convert(one, entry, f"{path} {n}", mistakes) for n, one in places
            ]
            continue
        try:
            values[names[key]] = _checked_value(value, hint)
        except msgspec.ValidationError:
            mistakes.append(Mistake(path, f"expected {_expected(hint)}, got {_shown(value)}"))
        except ValueError as error:
            mistakes.append(Mistake(path, f"{error}, got {_shown(value)}"))
    for field in fields:
        if field.required and field.encode_name not in table:
            path = f"{where}.{field.encode_name}" if where else field.encode_name
            mistakes.append(Mistake(path, "this key is missing"))
    return None if len(mistakes) > before else shape(**values)


def _unknown(key: str, names: Mapping[str, str]) -> str:
    """What to do about a key that is none of these names."""
    ours = _ELSEWHERE.get(str(key).lower(), str(key)[:_LONGEST])
    says = did_you_mean(ours, names) if ours not in names else f"did you mean {ours!r}?"
    return f"unknown key; {says}"


def _path(where: str, key: str) -> str:
    return f"{where}.{_short(str(key))}" if where else _short(str(key))


@functools.cache
def _described(shape: type[Struct]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The type hints and the fields of a Struct: working them out takes a hundred times as long."""
    hints = typing.get_type_hints(shape, include_extras=True)
    return hints, msgspec.structs.fields(shape)


def _table(hint: Any) -> type[Struct] | None:
    """The Struct that a field is, or may be as well as something else."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(filter(None, map(_table, typing.get_args(hint))), None)
    return hint if isinstance(hint, type) and issubclass(hint, Struct) else None


def _entry(hint: Any) -> type[Struct] | None:
    """The Struct that a field is a list of, if it is one."""
    inside = typing.get_args(hint)
    if typing.get_origin(hint) is list and isinstance(inside[0], type):
        return inside[0] if issubclass(inside[0], Struct) else None
    return None


def _checked_value(value: Any, hint: Any) -> Any:
    converted = msgspec.convert(value, hint)
    for number in converted if isinstance(converted, list) else [converted]:
        if isinstance(number, float) and not math.isfinite(number):
            raise ValueError(f"expected {_expected(hint)}")
    for check in _checks(hint):
        for text in converted if isinstance(converted, list) else [converted]:
            if isinstance(text, str):
                check(text)
    return converted


def _checks(hint: Any) -> Iterator[Callable[[str], object]]:
    """The checks that `checked` put on a field or on one of its alternatives."""
    inside = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for kind in inside:
            yield from _checks(kind)
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and "check" in (meta.extra or {}):
            yield (meta.extra or {})["check"]


def _expected(hint: Any) -> str:
    """What a field takes, in words for people who do not program."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        metas = [meta for meta in inside[1:] if isinstance(meta, msgspec.Meta)]
        return _expected(inside[0]) + "".join(_bounds(meta) for meta in metas)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_expected(kind) for kind in inside if kind is not types.NoneType)
    if origin is typing.Literal:
        return " or ".join(f'"{word}"' for word in inside)
    if origin is list:
        kind = typing.get_args(inside[0])[0] if typing.get_args(inside[0]) else inside[0]
        return f"a list of {_SEVERAL.get(kind, 'values')} in [ ]"
    if origin is dict:
        return f"a table of {_SEVERAL.get(inside[1], 'values')}"
    if _table(hint) is not None:
        return "a table"
    return _KINDS.get(hint, "another kind of value")


def _bounds(meta: msgspec.Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge:,} to {meta.le:,}" if meta.le < 2**53 else f", {meta.ge:,} or more"
    if meta.gt is not None and meta.le is not None:
        return f" above {meta.gt:,} and up to {meta.le:,}"
    return ""


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
