"""A prompt: one request for drafts, as it was read from a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from hotfolder.recipes.recipe import Pixels, Prompt_, Recipe

MAX_PROMPTS = 10_000  # in one file
MAX_SEED = 2**63 - 100_001  # the last of 100,000 drafts still has a seed below 2**63

Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
Count = Annotated[int, Meta(ge=1, le=100_000)] | Literal["endless"]


class Prompt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request for drafts.

    `text` is a template (`{a|b}`, `__wildcard__`) unless `literal`, and what is drawn from it has
    weights and the like unless it is `plain`: but words. `fixed` parts are appended, and
    one of each list in `random`. `count` None means the profile's number. Draft k of a prompt
    with a `seed` has seed + k. `overrides` are profile keys in nested tables. `source`, if given,
    is the picture that drafts are made from by img2img. A prompt with a `recipe` asks for exactly
    that draft. `notes` are sentences on what of it as it was written is not used; they are no part
    of what makes it the same request.
    """

    text: Prompt_
    negative: Prompt_ = ""
    literal: bool = False
    plain: bool = False
    fixed: tuple[str, ...] = ()
    random: tuple[tuple[str, ...], ...] = ()
    profile: str | None = None
    count: Count | None = None
    seed: Seed | None = None
    size: str | None = None
    overrides: dict[str, Any] = {}
    source: Pixels | None = None
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What makes this the same request: SHA-256 over all but number and notes, 64 hex digits.

        So a larger count goes on where the smaller one ended, and an added paragraph does not
        start its neighbours again. Endless is another request than any number.
        """
        data = msgspec.to_builtins(self)
        data.pop("notes", None)
        if self.count != "endless":
            data.pop("count", None)
        text = json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def parts(value: str | Sequence[str]) -> tuple[str, ...]:
    """The non-empty prompt parts of `fixed`: one text, or a list of them."""
    texts = (value,) if isinstance(value, str) else value
    return tuple(text.strip() for text in texts if text.strip())


def choices(value: Sequence[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The lists of `random`: one list of texts is one choice, a list of lists are several.

    A text among lists is a choice of one: it always comes.
    """
    if all(isinstance(item, str) for item in value):
        texts = tuple(str(item) for item in value)
        return (texts,) if texts else ()
    lists = [(item,) if isinstance(item, str) else tuple(item) for item in value]
    return tuple(texts for texts in lists if texts)
