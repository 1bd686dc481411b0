"""The recipe and its record as one text that a picture carries: ASCII JSON.

`{"recipe": {"schema": 1, ...}, "record": {...}}`, under the keyword `hotfolder`.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from hotfolder.errors import PictureError
from hotfolder.images.carried import Carried
from hotfolder.recipes.recipe import Recipe, canonical, from_builtins
from hotfolder.recipes.record import Record

KEYWORD = "hotfolder"

# One byte of UTF-8 is at most three of escaped ASCII JSON (six for a control character): a prompt
# of 20 kB in each of eight generations and a template are 540 kB. Readers of PNG stop at 1 MiB.
MAX_BYTES = 2**20
MAX_DIGITS = 32


def recipe(carried: Carried) -> tuple[Recipe, Record] | None:
    """The recipe and the record that a picture carries, or None if it carries none.

    Raises PictureError with a sentence if it carries one that is not valid.
    """
    text = carried.text(KEYWORD)
    return None if text is None else parse(text)


def parse(text: str) -> tuple[Recipe, Record]:
    """The recipe and the record of `document`'s text; raises PictureError with a sentence.

    Text from anywhere: refused are too long text, keys given twice, numbers that are none or
    longer than any of ours, nesting without end, and half characters.
    """
    if len(text) > MAX_BYTES:
        raise PictureError(f"the recipe's text is longer than {MAX_BYTES:,} characters")
    try:
        data = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse,
            parse_int=lambda digits: int(_short(digits)),
            parse_float=_finite,
        )
    except RecursionError:
        raise PictureError("the recipe's text is nested too deeply") from None
    except ValueError as error:
        raise PictureError(f"the recipe's text is not valid: {error}") from None
    if not (isinstance(data, dict) and "recipe" in data and "record" in data):
        raise PictureError("the recipe's text holds no recipe and record")
    read = from_builtins(data["recipe"])
    try:
        return read, msgspec.convert(data["record"], Record)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PictureError(f"the picture's record is not valid: {error}") from None


def document(recipe: Recipe, record: Record) -> str:
    """The text for `parse`; raises PictureError if it could not be read again.

    Half characters in the record, as in a file's name of an unknown encoding, become "?".
    """
    told = json.dumps(
        _whole(msgspec.to_builtins(record)),
        ensure_ascii=True,
        sort_keys=True,
        separators=(",", ":"),
    )
    text = f'{{"recipe":{canonical(recipe)},"record":{told}}}'
    parse(text)
    return text


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:60]!r} is given twice")
        key.encode()  # half characters (lone surrogates) can be neither printed nor tokenized
        if isinstance(value, str):
            value.encode()
        found[key] = value
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _finite(digits: str) -> float:
    number = float(_short(digits))
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits} is too large a number")
    return number


def _short(digits: str) -> str:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return digits
