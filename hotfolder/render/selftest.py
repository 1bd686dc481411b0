"""Whether this computer makes the same picture twice, and what would make it faster."""

from __future__ import annotations

import contextlib
import copy
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import compilation
from hotfolder.render.compilation import Compiled, NotCompiledError
from hotfolder.render.engine import Engine

NAME = "postcard"
MODELS = {NAME: Model(source=f"shipped:{NAME}", multiple=16)}
_BATCH = 4
_ROUNDS = 9

_DRAFT = Recipe(
    prompt="a castle by a lake at sunset, mountains",
    seed=7,
    width=256,
    height=256,
    multiple=16,
    model=NAME,
    scheduler="DPM++ 2M SDE",
    steps=4,
    guidance_scale=3.5,
)
_FINAL = msgspec.structs.replace(_DRAFT, width=320, height=320, strength=0.5, source=_DRAFT)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Whether a picture came out with the same bits when it was made again in some way."""

    how: str
    same: bool


def repeats(device: str) -> tuple[Repeat, ...]:
    """The model that is included draws on `device` the same pictures in all the ways there are."""
    engine = Engine(MODELS, None, device)
    draft = engine.render(_DRAFT)
    final = engine.render(_FINAL, draft.image)
    first, second = pixel_hash(draft.image), pixel_hash(final.image)
    again = engine.render(_DRAFT)
    inner: list[str] = []

    def refine(step: int, steps: int) -> None:
        if step == 2:
            inner.append(pixel_hash(engine.render(_FINAL, draft.image).image))

    interrupted = engine.render(_DRAFT, on_step=refine)
    return (
        Repeat("made twice", pixel_hash(again.image) == first),
        Repeat("interrupted by a refinement", pixel_hash(interrupted.image) == first),
        Repeat("refined between two steps of a draft", inner == [second]),
        Repeat("stopped, saved and resumed", _resumed(engine) == first),
        Repeat("drawn in a batch, and again alone", _alone_again(engine)),
    )


def _alone_again(engine: Engine) -> bool:
    """Whether drafts that were drawn together come out the same alone, in their places."""
    drafts = [msgspec.structs.replace(_DRAFT, seed=seed) for seed in range(_BATCH)]
    drawn = engine.render_batch(drafts)
    together = [drawn.get(at) or engine.render(draft) for at, draft in enumerate(drafts)]
    alone = [
        engine.render(draft, plan=made.facts.memory_plan)
        for draft, made in zip(drafts, together, strict=True)
    ]
    return [pixel_hash(one.image) for one in together] == [pixel_hash(one.image) for one in alone]


def _resumed(engine: Engine) -> str:
    """The hash of a draft that was stopped after two steps and went on from a file."""

    def stop(step: int, steps: int) -> None:
        if step == 2:
            raise Stopped

    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.safetensors"
        with contextlib.suppress(Stopped):
            engine.render(_DRAFT, on_step=stop, resume=state)
        return pixel_hash(engine.render(_DRAFT, resume=state).image)


@dataclass(frozen=True, slots=True)
class Gain:
    """How many times faster a step is in some way, and the key by which an owner asks for that.

    `ready_seconds` is what the first step of each size takes longer, `pays_after` how many steps
    make up for it. `says` is why it is not possible, where it is not.
    """

    how: str
    key: str
    factor: float = 0.0
    ready_seconds: float = 0.0
    pays_after: int = 0
    says: str = ""


def gains(device: str) -> Iterator[Gain]:
    """How much faster the shipped model's denoiser is for a batch, and compiled. Takes minutes.

    A plain step and one in the other way take turns, so that other programs slow down both.
    """
    unet = Engine(MODELS, None, device).load(NAME).pipe.unet
    yield _gain(f"{_BATCH} drafts at a time", f"batch = {_BATCH}", unet, unet, _BATCH)
    if device == "cpu":
        yield _of_bfloat16(unet)
    how, key, compiled = "a compiled model", "compile = true", Compiled(unet)
    try:
        compiled.tools(device)
        with compilation.afresh():
            yield _gain(how, key, unet, compiled, 1)
    except NotCompiledError as error:
        yield Gain(how, key, says=str(error))


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself, by AVX-512 or in tiles."""
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in asked)


def _of_bfloat16(unet: Any) -> Gain:
    """Half the bytes for each number; processors without the instructions only get slower."""
    how, key = "bfloat16 (slightly different pictures)", 'dtype = "bfloat16"'
    if not _has_bfloat16():
        return Gain(how, key, says="this processor has no instructions for bfloat16")
    short = copy.deepcopy(unet).to(torch.bfloat16)

    def denoiser(latents: Any, step: int, encoder_hidden_states: Any, return_dict: bool) -> Any:
        words = encoder_hidden_states.to(torch.bfloat16)
        latents = latents.to(torch.bfloat16)
        return short(latents, step, encoder_hidden_states=words, return_dict=return_dict)

    return _gain(how, key, unet, denoiser, 1)


def _gain(how: str, key: str, unet: Any, other: Callable[..., Any], batch: int) -> Gain:
    """What steps of `batch` pictures by `other` gain: the median of rounds."""
    first = _seconds(unet, other, batch)
    pairs = [(_seconds(unet, unet, 1), _seconds(unet, other, batch)) for _ in range(_ROUNDS + 1)]
    rounds = [(batch * alone, others) for alone, others in pairs[1:]]  # the first warms up
    factor = statistics.median(alone / others for alone, others in rounds)
    saved = statistics.median(alone - others for alone, others in rounds)
    ready = first - rounds[-1][1]
    return Gain(how, key, factor, ready, math.ceil(ready / saved) if saved > 0 else 0)


@torch.no_grad()
def _seconds(unet: Any, denoiser: Callable[..., Any], batch: int) -> float:
    """The time of a guided step of `batch` pictures by what computes as `unet` does."""
    config, parameter = unet.config, next(unet.parameters())
    where = {"device": parameter.device, "dtype": parameter.dtype}
    latents = torch.zeros(2 * batch, config.in_channels, 16, 16, **where)
    words = torch.zeros(2 * batch, 77, config.cross_attention_dim, **where)
    began = time.perf_counter()
    answer = denoiser(latents, 1, encoder_hidden_states=words, return_dict=False)[0]
    float(answer.sum())  # waits for a graphics card
    return time.perf_counter() - began
