"""Whether this computer makes the same picture twice, and what would make it faster."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe
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
    """The model that comes along draws on `device` the same pictures in all the ways there are."""
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
        Repeat("stopped, saved and gone on with", _resumed(engine) == first),
        Repeat("drawn together with others, and again alone", _alone_again(engine)),
    )


def _alone_again(engine: Engine) -> bool:
    """Whether drafts that were drawn together come out the same alone, in their places."""
    drafts = [msgspec.structs.replace(_DRAFT, seed=seed) for seed in range(_BATCH)]
    together = [engine.render(drafts[0], besides=drafts[1:]), *map(engine.render, drafts[1:])]
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
    """How many times faster a step is in some way, and how an owner asks for that, if at all.

    `says` is why it is not possible, where it is not.
    """

    how: str
    factor: float
    key: str = ""
    says: str = ""


def gains(device: str) -> tuple[Gain, ...]:
    """How much faster the shipped model's denoiser is for a batch, and compiled. Takes a minute.

    A plain step and one in the other way take turns, so that other programs slow down both.
    """
    unet = Engine(MODELS, None, device).load(NAME).pipe.unet
    how, key = f"{_BATCH} drafts at a time", f"batch = {_BATCH}"
    batch = Gain(how, _BATCH * _ratio(unet, unet, _BATCH), key)
    try:
        compiled = Gain("a compiled model", _ratio(unet, torch.compile(unet), 1))
    except Exception as error:  # a missing compiler has as many names as there are systems
        says = (str(error).splitlines() or [type(error).__name__])[0]
        compiled = Gain("a compiled model", 0.0, says=says)
    return batch, compiled


def _ratio(plain: Callable[..., Any], other: Callable[..., Any], batch: int) -> float:
    """A step of one picture by a step of `batch` pictures in another way: the median of rounds."""
    rounds = [(_seconds(plain, 1), _seconds(other, batch)) for _ in range(_ROUNDS + 1)]
    return statistics.median(alone / others for alone, others in rounds[1:])  # the first warms up


@torch.no_grad()
def _seconds(denoiser: Callable[..., Any], batch: int) -> float:
    """The time of a guided step of `batch` pictures."""
    config = denoiser.config  # type: ignore[attr-defined]
    parameter = next(denoiser.parameters())  # type: ignore[attr-defined]
    where = {"device": parameter.device, "dtype": parameter.dtype}
    latents = torch.zeros(2 * batch, config.in_channels, 16, 16, **where)
    words = torch.zeros(2 * batch, 77, config.cross_attention_dim, **where)
    began = time.perf_counter()
    answer = denoiser(latents, 1, encoder_hidden_states=words, return_dict=False)[0]
    float(answer.sum())  # waits for a graphics card
    return time.perf_counter() - began
