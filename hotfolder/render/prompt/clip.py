"""What CLIP encoders make of a prompt: in chunks, with weights, with words of the owner's own.

CLIP reads 75 tokens at once, the shipped model 46. Longer prompts for Stable Diffusion 1.x, 2.x
and XL are read in several chunks, one after another, as most programs do; diffusers alone would
drop the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hotfolder.recipes.prompt_syntax.schedule import Said, phases
from hotfolder.recipes.prompt_syntax.tree import Part, Tree, Words
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import pipelines
from hotfolder.render.models.adapters import Vectors
from hotfolder.render.prompt.emphasis import weighted
from hotfolder.render.prompt.switching import Conditioning, Phases, Spoken

Token = int | tuple[str, int]  # a number of the vocabulary, or a word of the owner's and its row
Chunk = list[tuple[Token, float]]  # with the weights of the words that they come from


@dataclass(frozen=True, slots=True)
class _Encoder:
    """One of a pipeline's text encoders, and how it is to read.

    It reads `most` tokens at once, and `words` as vectors of the owner's. `large`: for XL.
    """

    pipe: Any
    tokenizer: Any
    encoder: Any
    most: int
    words: Mapping[str, Tensor]
    large: bool


def encode(pipe: Any, recipe: Recipe, words: Mapping[str, Vectors]) -> Conditioning:
    """The conditioning of `recipe` for a pipeline that reads with CLIP alone.

    `words` are the embeddings that the recipe names. A prompt of one chunk without any of them, and
    without weights, has the bits that the pipeline itself would make.
    """
    encoders = _encoders(pipe, words)
    tree = recipe.tree or Tree(
        (Part((Words(recipe.prompt),)),),
        (Words(recipe.negative_prompt),) if recipe.negative_prompt else (),
    )
    texts = [phases(part.nodes, recipe.steps) for part in tree.parts]
    against = phases(tree.negative, recipe.steps)
    wanted = dict.fromkeys(said for text in (*texts, against) for _, said in text)
    cut = {
        said: [chunks(one.tokenizer, said, one.most - 2, one.words) for one in encoders]
        for said in wanted
    }
    count = max(len(found) for each in cut.values() for found in each)
    heard = {
        said: _spoken(encoders, [[*f, *([[]] * (count - len(f)))] for f in found], recipe)
        for said, found in cut.items()
    }
    parts = tuple(
        Phases(tuple((end, heard[said]) for end, said in text), part.weight)
        for text, part in zip(texts, tree.parts, strict=True)
    )
    negative = Phases(tuple((end, heard[said]) for end, said in against))
    zeros = pipe.config.get("force_zeros_for_empty_prompt")
    if encoders[0].large and not recipe.negative_prompt and zeros:
        negative = Phases(((recipe.steps, _silence(parts[0].at(1))),))
    return Conditioning(parts, negative, recipe.steps)


def arguments(pipe: Any, pictures: Sequence[Conditioning]) -> dict[str, Tensor]:
    """The conditioning of pictures that are drawn together, as their pipeline takes it.

    That of their first steps: `switching` puts in what follows.
    """
    first = [(one.parts[0].until[0][1], one.negative.until[0][1]) for one in pictures]
    given: dict[str, Tensor] = {
        "prompt_embeds": torch.cat([said.states for said, _ in first]),
        "negative_prompt_embeds": torch.cat([against.states for _, against in first]),
    }
    pooled = [(said.pooled, against.pooled) for said, against in first]
    if all(said is not None and against is not None for said, against in pooled):
        given["pooled_prompt_embeds"] = torch.cat([said for said, _ in pooled if said is not None])
        given["negative_pooled_prompt_embeds"] = torch.cat(
            [against for _, against in pooled if against is not None]
        )
    taken = pipelines.accepted(pipe)
    return {name: tensor for name, tensor in given.items() if name in taken}


def chunks(
    tokenizer: Any, said: Said, size: int, words: Mapping[str, Tensor] | None = None
) -> list[Chunk]:
    """The tokens of a prompt in chunks of at most `size`, without beginnings and ends.

    A break ends a chunk, however short; there is at least one. `words` are read as vectors.
    """
    done: list[Chunk] = []
    chunk: Chunk = []
    for item in said:
        if not isinstance(item, Words):
            done.append(chunk)
            chunk = []
            continue
        for token in tokens(tokenizer, item.text, words or {}):
            if len(chunk) == size:
                done.append(chunk)
                chunk = []
            chunk.append((token, item.weight))
    return [*done, chunk] if chunk or not done else done


def tokens(tokenizer: Any, text: str, words: Mapping[str, Tensor]) -> list[Token]:
    """`text` without beginning and end, as long as it is; every word in `words` as its vectors."""
    found: list[Token] = []
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    parts = re.split(rf"(?<!\w)({pattern})(?!\w)", text, flags=re.I) if words else [text]
    known = {word.casefold(): word for word in words}
    for place, part in enumerate(parts):
        if place % 2:
            word = known[part.casefold()]
            found += [(word, row) for row in range(len(words[word]))]
        elif part:
            found += tokenizer(part, truncation=False).input_ids[1:-1]
    return found


def _encoders(pipe: Any, words: Mapping[str, Vectors]) -> list[_Encoder]:
    """The text encoders of a pipeline: one, or two for XL, whose refiner has the second alone."""
    here = [
        (index, getattr(pipe, f"tokenizer{suffix}"), getattr(pipe, f"text_encoder{suffix}"))
        for index, suffix in enumerate(("", "_2"))
        if getattr(pipe, f"text_encoder{suffix}", None) is not None
    ]
    large = len(here) > 1 or getattr(pipe, "text_encoder", None) is None
    most = min(
        min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
        for _, tokenizer, encoder in here
    )
    return [
        _Encoder(pipe, tokenizer, encoder, most, _of(words, index), large)
        for index, tokenizer, encoder in here
    ]


def _spoken(encoders: Sequence[_Encoder], cut: Sequence[list[Chunk]], recipe: Recipe) -> Spoken:
    """What all encoders say to one prompt, which is cut into as many chunks for each."""
    states: list[Tensor] = []
    pooled: Tensor | None = None
    for one, found in zip(encoders, cut, strict=True):
        answers = [_asked(one, chunk) for chunk in found]
        layers = []
        for chunk, answer in zip(found, answers, strict=True):

            def read(places: Sequence[int], chunk: Chunk = chunk, one: _Encoder = one) -> Tensor:
                alone = _asked(one, [chunk[place] for place in places])
                return _layer(one.encoder, alone, recipe.clip_skip, one.large)

            layer = _layer(one.encoder, answer, recipe.clip_skip, one.large)
            weights = [weight for _, weight in chunk]
            layers.append(weighted(recipe.emphasis, weights, layer, read))
        states.append(torch.cat(layers, dim=1))
        if one.large and pooled is None and answers[0][0].ndim == 2:
            pooled = answers[0][0]
    return Spoken(torch.cat(states, dim=-1), pooled)


def _silence(like: Spoken) -> Spoken:
    """What stands for no prompt where a model was trained with zeros."""
    pooled = None if like.pooled is None else torch.zeros_like(like.pooled)
    return Spoken(torch.zeros_like(like.states), pooled)


def _asked(one: _Encoder, chunk: Chunk) -> Any:
    """What an encoder answers to one chunk, begun, ended and filled up as CLIP wants it."""
    # A word of the owner's stands as a number of its own, while its vectors are put in its place.
    order = sorted(one.words)
    numbers = [token if isinstance(token, int) else order.index(token[0]) for token, _ in chunk]
    numbers = [one.tokenizer.bos_token_id, *numbers, one.tokenizer.eos_token_id]
    numbers += [one.tokenizer.pad_token_id] * (one.most - len(numbers))
    ids = torch.tensor([numbers], device=one.pipe._execution_device)
    rows = {
        at: one.words[token[0]][token[1]]
        for at, (token, _) in enumerate(chunk, 1)
        if not isinstance(token, int)
    }
    with _in_place(one.encoder, rows):
        return one.encoder(ids, output_hidden_states=True)


@contextmanager
def _in_place(encoder: Any, rows: Mapping[int, Tensor]) -> Iterator[None]:
    """Put vectors in place of the tokens at these positions, while the encoder reads one chunk."""
    if not rows:
        yield
        return

    def put(module: Any, given: Any, vectors: Tensor) -> Tensor:
        vectors = vectors.clone()
        for at, row in rows.items():
            vectors[:, at] = row.to(vectors)
        return vectors

    handle = encoder.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()


def _layer(encoder: Any, said: Any, clip_skip: int, large: bool) -> Tensor:
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
    assert isinstance(state, Tensor)  # noqa: S101
    return state


def _of(words: Mapping[str, Vectors], index: int) -> dict[str, Tensor]:
    """The vectors of each word for the encoder of this index."""
    return {word: found for word, vectors in words.items() if (found := vectors[index]) is not None}
