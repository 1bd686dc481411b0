"""How far each family reads: the words of a long prompt that its text encoder never sees.

CLIP is read in chunks, so nothing is lost there (see `conditioning`). T5 and the language models of
other families read some hundred tokens at once, and diffusers drops the rest without a word. Where
a family frames the prompt with words of its own, up to a dozen more may be lost than is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.render.models import pipelines, weights
from hotfolder.render.models.family import Family

_SHOWN = 200  # characters of what is lost


def unread(tokenizer: Any, tokens: int, text: str) -> str:
    """The end of `text` that is beyond what so many tokens say; "" if nothing is."""
    room = tokens - len(tokenizer("").input_ids)
    inner = tokenizer(text, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast)
    if len(inner.input_ids) <= room:
        return ""
    if tokenizer.is_fast:
        return text[inner.offset_mapping[room][0] :].strip()
    lost: str = tokenizer.decode(inner.input_ids[room:], skip_special_tokens=True)
    return lost.strip()


def of_pipeline(pipe: Any, arguments: Mapping[str, Any], text: str) -> str:
    """A sentence on what `pipe`, called with these arguments, does not read of `text`; or ""."""
    family = pipelines.family(pipe)
    tokenizer = getattr(pipe, family.tokenizer, None)
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)  # of a reader of pictures as well
    if not family.tokens or tokenizer is None:
        return ""
    tokens = arguments.get("max_sequence_length", family.tokens)
    return _sentence(family, tokens, unread(tokenizer, tokens, text))


def of_model(model: Model, base: Path | None, text: str) -> str:
    """The same of a model in a folder, by its tokenizer alone; "" for any other model."""
    path = weights.here(model, base)
    if path is None or not path.is_dir():
        return ""
    try:
        family = weights.family(path)
    except RenderError:
        return ""  # `validate` tells that
    folder = path / family.tokenizer
    if not family.tokens or len(text) <= family.tokens or not folder.is_dir():
        return ""  # a token is a letter at the least
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return _sentence(family, family.tokens, unread(tokenizer, family.tokens, text))


def _sentence(family: Family, tokens: int, lost: str) -> str:
    if not lost:
        return ""
    shown = lost if len(lost) <= _SHOWN else f"{lost[:_SHOWN]}…"
    says = f"{family.name} models read {tokens} tokens of a prompt"
    return f'{says}; what follows is not read: "{shown}"'
