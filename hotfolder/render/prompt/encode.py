"""What the text encoders of a model said: remembered, for most prompts are drawn many times."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import pipelines
from hotfolder.render.prompt import plain_words, token_limits

_log = logging.getLogger(__name__)

REMEMBERED_BYTES = 64_000_000


class PromptCache:
    """The last few answers of a model's text encoders, with the same bits as when they were made.

    An answer depends on the tokens and on what works on the encoder besides its weights; both are
    in its key.
    """

    def __init__(self, most_bytes: int = REMEMBERED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._told: set[tuple[str, ...]] = set()
        self._bytes = 0
        self._answers: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def attach(self, pipe: Any, context: str) -> None:
        """Let the text encoders of `pipe`, this one object, answer from memory where they can."""
        for name in [name for name in pipe.components if name.startswith("text_encoder")]:
            if getattr(pipe, name) is not None:
                # Past DiffusionPipeline.__setattr__, which would enter it into the configuration.
                vars(pipe)[name] = _Remembering(getattr(pipe, name), f"{name} {context}", self)

    def tell(self, pipe: Any, arguments: Mapping[str, Any], recipe: Recipe) -> tuple[str, ...]:
        """Sentences on what the text encoders of `pipe` do not read of a prompt; logged once."""
        if reads_chunks(pipe):
            return ()
        family = pipelines.family(pipe).name
        found = (
            plain_words.unused(recipe.tree, family),
            token_limits.of_pipeline(pipe, arguments, arguments.get("prompt", "")),
        )
        told = tuple(says for says in found if says)
        if told not in self._told:
            self._told.add(told)
            for says in told:
                _log.warning("%s", says)
        return told

    def answer(self, key: str, encoder: Any, arguments: Any, named: Any) -> Any:
        """What `encoder` says to these arguments: remembered, or asked and remembered."""
        if key in self._answers:
            self._answers.move_to_end(key)
            return self._answers[key][0]
        said = encoder(*arguments, **named)
        self._answers[key] = said, _size(said)
        self._bytes += _size(said)
        while self._bytes > self._most_bytes:
            self._bytes -= self._answers.popitem(last=False)[1][1]
        return said


def _size(said: Any) -> int:
    """The bytes of all tensors in an encoder's answer."""
    if isinstance(said, torch.Tensor):
        return said.nbytes
    items = said.values() if isinstance(said, Mapping) else said
    return sum(map(_size, items)) if isinstance(said, Mapping | tuple | list) else 0


class _Remembering:
    """Stands before a text encoder in one pipeline object; shows its class and attributes."""

    def __init__(self, encoder: Any, context: str, memory: PromptCache) -> None:
        self._encoder = encoder
        self._context = context
        self._memory = memory

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        key = hashlib.sha256(self._context.encode("utf-8", "surrogatepass"))
        for name, value in [*enumerate(arguments), *sorted(named.items())]:
            if isinstance(value, torch.Tensor):
                # numpy does not know bfloat16
                exact = value.float() if value.dtype == torch.bfloat16 else value
                value = (value.dtype, tuple(value.shape), exact.cpu().numpy().tobytes())  # noqa: PLW2901
            key.update(repr((name, value)).encode())
        return self._memory.answer(key.hexdigest(), self._encoder, arguments, named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The encoder's class, for pipelines that look for modules among their components."""
        return type(self._encoder)


def reads_chunks(pipe: Any) -> bool:
    """Whether a pipeline reads prompts with CLIP alone."""
    return pipelines.family(pipe).reads_clip
