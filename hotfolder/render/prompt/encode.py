"""What the text encoders make of a prompt: remembered, in chunks, with words of the owner's own.

CLIP reads 75 tokens at once, the shipped model 46. Longer prompts for Stable Diffusion 1.x, 2.x
and XL are read in several chunks, one after another, as most programs do; diffusers alone would
drop the rest. Models with a T5 or a language model read several hundred tokens at once.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from hotfolder.errors import RenderError
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import families
from hotfolder.render.models.adapters import Vectors
from hotfolder.render.prompt import token_limits

_log = logging.getLogger(__name__)

REMEMBERED_BYTES = 64_000_000
_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")


class Memory:
    """The last few answers of a model's text encoders, with the same bits as when they were made.

    An answer depends on the tokens and on what works on the encoder besides its weights; both are
    in its key.
    """

    def __init__(self, most_bytes: int = REMEMBERED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._told: set[str] = set()
        self._bytes = 0
        self._answers: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def attach(self, pipe: Any, batch_with: str) -> None:
        """Let the text encoders of `pipe`, this one object, answer from memory where they can."""
        for name in _ENCODERS:
            if getattr(pipe, name, None) is not None:
                # Past DiffusionPipeline.__setattr__, which would enter it into the configuration.
                vars(pipe)[name] = _Remembering(getattr(pipe, name), f"{name} {batch_with}", self)

    def tell(self, pipe: Any, arguments: Mapping[str, Any], text: str) -> None:
        """Say, once for each prompt, what the text encoders of `pipe` do not read of it."""
        if text not in self._told and (says := token_limits.of_pipeline(pipe, arguments, text)):
            self._told.add(text)
            _log.warning("%s", says)

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

    def __init__(self, encoder: Any, batch_with: str, memory: Memory) -> None:
        self._encoder = encoder
        self._besides = batch_with
        self._memory = memory

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        key = hashlib.sha256(self._besides.encode("utf-8", "surrogatepass"))
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
    return families.reads_by_clip_alone(type(pipe).__name__)


def arguments(pipe: Any, recipe: Recipe, words: Mapping[str, Vectors]) -> dict[str, Any]:
    """The prompts of `recipe` as tensors, under the names that a CLIP pipeline takes them by.

    `words` are the embeddings that the recipe names. A prompt of one chunk without any of them has
    the bits that the pipeline itself would make. Nothing for pipelines that read with others;
    RenderError where those are asked for what only CLIP can do.
    """
    if not reads_chunks(pipe):
        if recipe.embeddings or recipe.clip_skip > 1:
            family = type(pipe).__name__.removesuffix("Pipeline")
            raise RenderError(
                f"{family} models do not read prompts with CLIP alone, so they take no embeddings "
                "and no clip_skip; take both out of the profile"
            )
        return {}
    texts = [recipe.prompt, recipe.negative_prompt]
    encoders = [
        (index, getattr(pipe, f"tokenizer{suffix}"), getattr(pipe, f"text_encoder{suffix}"))
        for index, suffix in enumerate(("", "_2"))
        if getattr(pipe, f"text_encoder{suffix}", None) is not None
    ]
    large = len(encoders) > 1 or getattr(pipe, "text_encoder", None) is None  # XL, or its refiner
    read = [
        [_tokens(tokenizer, text, _of(words, index)) for text in texts]
        for index, tokenizer, _ in encoders
    ]
    most = min(
        min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
        for _, tokenizer, encoder in encoders
    )
    chunk = most - 2  # between a beginning and an end
    chunks = max(-(-len(tokens) // chunk) for pair in read for tokens in pair) or 1
    states: list[list[torch.Tensor]] = [[], []]
    pooled: list[torch.Tensor | None] = [None, None]
    for (index, tokenizer, encoder), pair in zip(encoders, read, strict=True):
        for which, tokens in enumerate(pair):
            said = [
                _encoded(
                    (pipe, tokenizer, encoder),
                    tokens[at * chunk : (at + 1) * chunk],
                    most,
                    _of(words, index),
                )
                for at in range(chunks)
            ]
            layers = [_layer(encoder, chunk, recipe.clip_skip, large) for chunk in said]
            states[which].append(torch.cat(layers, dim=1))
            if large and pooled[which] is None and said[0][0].ndim == 2:
                pooled[which] = said[0][0]
    embeds = [torch.cat(parts, dim=-1) for parts in states]
    if large and not recipe.negative_prompt and pipe.config.get("force_zeros_for_empty_prompt"):
        embeds[1] = torch.zeros_like(embeds[0])
        pooled[1] = None if pooled[0] is None else torch.zeros_like(pooled[0])
    given: dict[str, Any] = {"prompt_embeds": embeds[0], "negative_prompt_embeds": embeds[1]}
    if large:
        given |= {"pooled_prompt_embeds": pooled[0], "negative_pooled_prompt_embeds": pooled[1]}
    taken = families.accepted(pipe)
    return {name: tensor for name, tensor in given.items() if name in taken}


Token = int | tuple[str, int]  # a number of the vocabulary, or a word of the owner's and its row


def _tokens(tokenizer: Any, text: str, words: Mapping[str, torch.Tensor]) -> list[Token]:
    """`text` without beginning and end, as long as it is; every word in `words` as its vectors."""
    tokens: list[Token] = []
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    parts = re.split(rf"(?<!\w)({pattern})(?!\w)", text, flags=re.I) if words else [text]
    known = {word.casefold(): word for word in words}
    for place, part in enumerate(parts):
        if place % 2:
            word = known[part.casefold()]
            tokens += [(word, row) for row in range(len(words[word]))]
        elif part:
            tokens += tokenizer(part, truncation=False).input_ids[1:-1]
    return tokens


def _encoded(
    reader: tuple[Any, Any, Any],
    tokens: Sequence[Token],
    reach: int,
    words: Mapping[str, torch.Tensor],
) -> Any:
    """What the encoder of `reader`, (pipe, tokenizer, encoder), answers to one chunk.

    The chunk is begun, ended and filled up to `reach` tokens as CLIP wants it.
    """
    pipe, tokenizer, encoder = reader
    # A word of the owner's stands as a number of its own, while its vectors are put in its place.
    order = sorted(words)
    numbers = [token if isinstance(token, int) else order.index(token[0]) for token in tokens]
    numbers = [tokenizer.bos_token_id, *numbers, tokenizer.eos_token_id]
    numbers += [tokenizer.pad_token_id] * (reach - len(numbers))
    ids = torch.tensor([numbers], device=pipe._execution_device)
    rows = {
        at: words[token[0]][token[1]]
        for at, token in enumerate(tokens, 1)
        if not isinstance(token, int)
    }
    with _in_place(encoder, rows):
        return encoder(ids, output_hidden_states=True)


@contextmanager
def _in_place(encoder: Any, rows: Mapping[int, torch.Tensor]) -> Iterator[None]:
    """Put vectors in place of the tokens at these positions, while the encoder reads one chunk."""
    if not rows:
        yield
        return

    def put(module: Any, given: Any, vectors: torch.Tensor) -> torch.Tensor:
        vectors = vectors.clone()
        for at, row in rows.items():
            vectors[:, at] = row.to(vectors)
        return vectors

    handle = encoder.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()


def _layer(encoder: Any, said: Any, clip_skip: int, large: bool) -> torch.Tensor:
    """The hidden states that the denoiser reads. XL was trained on the last layer but one."""
    if large:
        state = said.hidden_states[-max(2, clip_skip)]
    elif clip_skip == 1:
        state = said[0]
    else:
        state = said.hidden_states[-clip_skip]
        norm = getattr(encoder, "text_model", encoder).final_layer_norm
        # The encoder may have left the device meanwhile.
        weight, bias = norm.weight.to(state.device), norm.bias.to(state.device)
        state = torch.nn.functional.layer_norm(state, norm.normalized_shape, weight, bias, norm.eps)
    assert isinstance(state, torch.Tensor)  # noqa: S101
    return state


def _of(words: Mapping[str, Vectors], index: int) -> dict[str, torch.Tensor]:
    """The vectors of each word for the encoder of this index."""
    return {word: found for word, vectors in words.items() if (found := vectors[index]) is not None}
