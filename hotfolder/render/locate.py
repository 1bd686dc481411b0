"""Where in a picture a word is, by the model that draws: its attention, and what the word changes.

Noise is added to the picture, and the denoiser is asked what it sees, with the word and without.
Little noise tells where its attention for the word goes, much noise where the word makes a
difference. Whether the word is in the picture at all is known by the error: with a word that is
there, the denoiser takes the noise out better than without (Li 2023, "Your diffusion model is
secretly a zero-shot classifier"). A word of the prompt is asked for within it, and alone: within a
prompt a wrong word may still be better than none, but alone it misleads.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.render.attention import grid
from hotfolder.render.models import pipelines
from hotfolder.render.outlines import Array, enlarged, outline, unit
from hotfolder.render.probe import UNSEEN, Look, Subject, look
from hotfolder.render.prompt import plain_words

OnLook = Callable[[int, int], None]
Noise = tuple[float, int]  # how much, and the seed

_WEAK = (0.15, 0.3, 0.45)  # so much noise that attention tells places
_STRONG = (0.6, 0.75, 0.9)  # so much that the word decides what is made of it
_NOISES = 4
_LOOKS = 1 + (_NOISES + 1) * len(_WEAK) + 4 * _NOISES * len(_STRONG)  # for a word, at most
_GRID = 32  # cells of a map's shorter side
_FINE = 14  # of a layer's that need not see the picture enlarged as well
_LEAST_GAIN = 0.0  # of the error, that a word of the prompt takes away if it is there
_LEAST_OF_BOTH = -0.3  # with what it takes away alone, counted twice
_LEAST_ALONE = 0.05  # that a word does which the prompt does not have


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is said with a word and without, and the places of its tokens in what is heard."""

    with_it: str
    without: str
    places: tuple[int, ...]


def find_all(
    subject: Subject, words: Sequence[str], on_look: OnLook | None = None
) -> dict[str, Array | None]:
    """The masks of words in a picture, which its recipe's prompt describes.

    bool, (height, width); None where a word is not seen. `on_look(number, of)` is called after each
    look, and may raise. Raises RenderError where the model cannot be looked into.
    """
    numbers, count = itertools.count(1), len(words) * _LOOKS

    def see(of: Subject, text: str, noise: Noise, places: Sequence[int] = ()) -> Look:
        one = look(of, text, *noise, places)
        if on_look is not None:
            on_look(min(next(numbers), count), count)
        return one

    return {word: _find(subject, word, see) for word in words}


def _find(subject: Subject, word: str, see: Callable[..., Look]) -> Array | None:
    """The mask of one word."""
    texts = _texts(subject, plain_words.in_words(subject.recipe).prompt, word)
    if not see(subject, texts.with_it, (_WEAK[0], 0), texts.places).maps:
        raise RenderError(UNSEEN.format(pipelines.family(subject.loaded.pipe).name))
    noises = list(itertools.product(_STRONG, range(_NOISES)))
    with_it = [see(subject, texts.with_it, noise) for noise in noises]
    without = [see(subject, texts.without, noise) for noise in noises]
    gain = _gain(with_it, without)
    if gain <= (_LEAST_GAIN if texts.without else _LEAST_ALONE):
        return None
    if texts.without:
        alone, silent = ([see(subject, text, noise) for noise in noises] for text in (word, ""))
        if gain + 2 * _gain(alone, silent) <= _LEAST_OF_BOTH:
            return None
    width, height = subject.picture.size
    sides = (_cells(height, subject), _cells(width, subject))
    total = np.zeros(sides)
    larger = subject.of(subject.picture.resize((2 * width, 2 * height), Image.Resampling.LANCZOS))
    for of, seeds in ((subject, range(_NOISES)), (larger, range(1))):
        looks = (see(of, texts.with_it, n, texts.places) for n in itertools.product(_WEAK, seeds))
        finest = [one.maps[-1] for one in looks]
        total += unit(np.sum([enlarged(one, sides) for one in finest], 0))
        if min(finest[-1].shape) >= _FINE:
            break
    return outline(unit(total) + 0.5 * unit(_changed(with_it, without, sides)), subject.picture)


def _cells(side: int, subject: Subject) -> int:
    return round(_GRID * side / min(subject.picture.size))


def _texts(subject: Subject, prompt: str, word: str) -> _Texts:
    """What is to be said: the prompt, where it has the word, and the word alone elsewhere."""
    silence = look(subject, "", _STRONG[-1], 0).heard

    def places(text: str, word: str) -> tuple[int, ...]:
        heard = look(subject, text, _STRONG[-1], 0).heard
        both = min(len(heard), len(silence))
        differs = (heard[:both] != silence[:both]).any(-1).nonzero()
        first = int(differs[0]) if len(differs) else 0
        found = (first + at for at in _tokens(subject.loaded.pipe, text, word))
        return tuple(at for at in found if at < len(heard))

    ends = r"(?<!\w){}(?!\w)" if word.isascii() else "{}"
    if match := re.search(ends.format(re.escape(word)), prompt, re.IGNORECASE):
        rest = f"{prompt[: match.start()]} {prompt[match.end() :]}".replace(" ,", ",")
        without = " ".join(rest.split()).strip(", ")
        if without and (found := places(prompt, match.group())):
            return _Texts(prompt, without, found)
    if found := places(word, word):
        return _Texts(word, "", found)
    raise RenderError(UNSEEN.format(pipelines.family(subject.loaded.pipe).name))


def _tokens(pipe: Any, text: str, word: str) -> range:
    """The places of a word's tokens among those of a text, without what a model adds."""
    own = pipelines.family(pipe)
    tokenizer = getattr(pipe, own.words_by or own.tokenizer)
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)  # a processor has one within

    def read(said: str) -> list[int]:
        return list(tokenizer(said, add_special_tokens=False).input_ids)

    whole = read(text)
    for part in (read(word), read(f" {word}")):
        for at in range(len(whole) - len(part) + 1):
            if part and whole[at : at + len(part)] == part:
                return range(at, at + len(part))
    return range(0)


def _gain(with_it: Sequence[Look], without: Sequence[Look]) -> float:
    """How much of the error a word takes away, for each strength of noise, added up."""
    total = 0.0
    for at in range(0, len(with_it), _NOISES):
        less, more = (sum(map(_error, looks[at : at + _NOISES])) for looks in (with_it, without))
        total += (more - less) / max(more, 1e-9)
    return total


def _error(one: Look) -> float:
    """How far what a denoiser said lies from what it should have said, whatever its sign."""
    said, wanted = one.said.flatten(), one.wanted.flatten()
    return float(min(((said - wanted) ** 2).mean(), ((said + wanted) ** 2).mean()))


def _changed(with_it: Sequence[Look], without: Sequence[Look], sides: tuple[int, int]) -> Array:
    """By how much a word changes what is said, place by place; zeros where places are unknown."""
    total = np.zeros(sides)
    for one, other in zip(with_it[_NOISES:], without[_NOISES:], strict=True):
        change = one.said - other.said
        if change.ndim == 5:  # (1, channels, 1, height, width), or channels last
            change = change[:, 0].movedim(-1, 1) if change.shape[1] == 1 else change[:, :, 0]
        if change.ndim == 3:
            if (cells := grid(change.shape[1], sides[1] / sides[0])) is None:
                return total
            change = change.transpose(1, 2).reshape(1, -1, *cells)
        total += enlarged(change[0].square().sum(0).sqrt().numpy(), sides)
    return total
