"""The recipe and its record as one text that a picture carries: ASCII JSON.

`{"recipe": {"schema": 1, ...}, "record": {...}}`. It is in several carriers, for every program
that people use loses some of them: a PNG's text under the keyword `hotfolder`, a JPEG's comments
(in numbered pieces if it is long), a property of the XMP packet, EXIF's HostComputer. A PNG has it
under the keyword `comment` as well: that becomes a JPEG's comment when programs convert it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from hotfolder.errors import PictureError
from hotfolder.images import exif, xmp
from hotfolder.images.metadata import COMMENT, Metadata
from hotfolder.recipes.recipe import MAX_SAID, Recipe, canonical, from_builtins
from hotfolder.recipes.record import Record

Carrier = Literal["text", "comment", "XMP", "EXIF"]

KEYWORD = "hotfolder"
PNG_COMMENT = "comment"  # ImageMagick, GraphicsMagick and Pillow want it in lower case
_BEGIN = '{"recipe":'
_PIECE = "hotfolder {}/{} "
_PIECES = re.compile(r"hotfolder (\d{1,3})/(\d{1,3}) ")

# One byte of UTF-8 is at most three of escaped ASCII JSON (six for a control character): a prompt
# of 20 kB in each of eight generations and a template are 540 kB. Readers of PNG stop at 1 MiB.
MAX_BYTES = 2**20
MAX_DIGITS = 32
_MOST_TRIED = 5  # different texts: one for each place that our pictures carry it in

# What a record gains after the picture is rendered: versions, times, hashes, names of devices.
_NOT_YET_KNOWN = 16_384


@dataclass(frozen=True, slots=True)
class Embedded:
    """The recipe and record that a picture carries, and the carrier that they were read from."""

    recipe: Recipe
    record: Record
    carrier: Carrier


def find(metadata: Metadata) -> Embedded | None:
    """What the best carrier says that is still sound; None if no carrier has our text.

    Raises PictureError with a sentence if each that has it has it in a form that is not valid.
    """
    refused: PictureError | None = None
    tried: set[str] = set()
    for carrier, text in carriers(metadata):
        if text in tried:
            continue
        if len(tried) == _MOST_TRIED:
            break
        tried.add(text)
        try:
            return Embedded(*parse(text), carrier)
        except PictureError as error:
            refused = refused or error
    if refused is not None:
        raise refused
    return None


def carriers(metadata: Metadata) -> Iterator[tuple[Carrier, str]]:
    """Our text in each carrier that has it: first those that other programs least often rewrite."""
    for keyword, text in metadata.texts:
        if keyword == KEYWORD:
            yield "text", text
    comments = [text for keyword, text in metadata.texts if keyword.lower() == COMMENT.lower()]
    for text in _joined(comments):
        yield "comment", text
    if found := xmp.document(metadata.xmp):
        yield "XMP", found
    if found := exif.document(metadata.exif):
        yield "EXIF", found


def comments(text: str, longest: int) -> list[str]:
    """`text` as comments of at most `longest` bytes: itself, or numbered pieces."""
    if len(text) <= longest:
        return [text]
    size = longest - len(_PIECE.format(999, 999))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [_PIECE.format(k, len(pieces)) + piece for k, piece in enumerate(pieces, 1)]


def is_comment(text: str) -> bool:
    """Whether a comment is ours: our text, or a piece of it."""
    return text.startswith(_BEGIN) or _PIECES.match(text) is not None


def _joined(comments: Sequence[str]) -> Iterator[str]:
    """Our text in the comments of a picture: whole, or put together from all its pieces."""
    pieces: dict[int, dict[int, str]] = {}
    for comment in comments:
        if comment.startswith(_BEGIN):
            yield comment
        elif match := _PIECES.match(comment):
            pieces.setdefault(int(match[2]), {})[int(match[1])] = comment[match.end() :]
    for total, found in pieces.items():
        if sorted(found) == list(range(1, total + 1)):
            yield "".join(found[k] for k in range(1, total + 1))


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
        raise PictureError(f"the recipe's text is not valid: {str(error)[:MAX_SAID]}") from None
    if not (isinstance(data, dict) and "recipe" in data and "record" in data):
        raise PictureError("the recipe's text does not contain a recipe and a record")
    read = from_builtins(data["recipe"])
    try:
        return read, msgspec.convert(data["record"], Record)
    except (ValueError, RecursionError) as error:
        says = str(error)[:MAX_SAID]
        raise PictureError(f"the picture's record is not valid: {says}") from None


def document(recipe: Recipe, record: Record) -> str:
    """The text for `parse`; raises PictureError if it could not be read again.

    Half characters in the record, as in a file's name of an unknown encoding, become "?".
    """
    text = written(recipe, record)
    parse(text)
    return text


def require_room(recipe: Recipe, record: Record) -> None:
    """Raises PictureError with a sentence if no picture could carry these.

    For before the picture is rendered: of its record may be missing what is known afterwards.
    """
    text = written(recipe, record)
    if len(text) > MAX_BYTES - _NOT_YET_KNOWN:
        raise PictureError(
            f"its prompts and those of what it is made from take {len(text):,} bytes; "
            f"a picture carries at most {MAX_BYTES - _NOT_YET_KNOWN:,}"
        )
    parse(text)


def written(recipe: Recipe, record: Record) -> str:
    """The text of `document` for what is known to be read again."""
    said = msgspec.to_builtins(record)
    told = _ascii(said)
    if "\\ud" in told:  # half a character, or one of two halves
        told = _ascii(_whole(said))
    return f'{_BEGIN}{canonical(recipe)},"record":{told}}}'


def _ascii(said: Any) -> str:
    return json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


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
