"""Conditioning that changes from step to step, or is composed of several prompts.

It stands before the denoiser and gives it, at each step, the conditioning of that step. Which step
it is follows from how many are done, so a render that was saved, or paused for another, goes on
with the right one. Prompts joined by AND are composed as in Liu 2022, "Compositional Visual
Generation with Composable Diffusion Models".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hotfolder.render.models import pipelines


@dataclass(frozen=True, slots=True)
class Spoken:
    """What text encoders say: hidden states, (1, tokens, width), and for XL a pooled vector."""

    states: Tensor
    pooled: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Phases:
    """What holds up to which step, the last for all that follow; `weight` is that of a part."""

    until: tuple[tuple[int, Spoken], ...]
    weight: float = 1.0

    def at(self, step: int) -> Spoken:
        """What holds at a step, counted from 1."""
        return next((said for end, said in self.until if step <= end), self.until[-1][1])


@dataclass(frozen=True, slots=True)
class Conditioning:
    """One picture's conditioning, for all of its `steps` steps from pure noise."""

    parts: tuple[Phases, ...]
    negative: Phases
    steps: int

    @property
    def shape(self) -> tuple[int, int]:
        """How many parts there are, and how many tokens: alike in pictures drawn together."""
        return len(self.parts), self.negative.until[0][1].states.shape[1]

    @property
    def is_still(self) -> bool:
        """Whether it is one prompt, the same at all steps."""
        return len(self.parts) == 1 and len(self.parts[0].until) == len(self.negative.until) == 1


def switch(pipe: Any, pictures: Sequence[Conditioning], done: Callable[[], int]) -> None:
    """Give `pipe` a view of its denoiser that has the conditioning of each step.

    `pictures` are drawn together, with as many parts each; `done()` is the number of denoising
    steps that are done. Of a pipeline with guidance the first half of a batch is without prompt.
    """
    name = pipelines.family(pipe).denoiser
    inner = pipelines.denoiser(pipe)
    view = copy.copy(inner)

    def forward(sample: Tensor, timestep: Any, **given: Any) -> tuple[Tensor]:
        step = _step(pipe, pictures[0].steps, done())
        guided = len(sample) == 2 * len(pictures)

        def predicted(*rows: list[Spoken]) -> tuple[Tensor, ...]:
            answer = inner(sample, timestep, **_conditioned(given, rows))[0]
            return tuple(answer.chunk(len(rows)))

        against = [one.negative.at(step) for one in pictures]
        parts = [[one.parts[k].at(step) for one in pictures] for k in range(len(pictures[0].parts))]
        if len(parts) == 1:
            rows = (against, parts[0]) if guided else (parts[0],)
            return (torch.cat(predicted(*rows)),)
        kinds, width = [against, *parts], 2 if guided else 1
        kinds += kinds[-1:] * (-len(kinds) % width)
        answers: list[Tensor] = []
        for at in range(0, len(kinds), width):
            answers += predicted(*kinds[at : at + width])
        composed = _composed(answers[0], answers[1 : len(parts) + 1], pictures)
        return (torch.cat([answers[0], composed]) if guided else composed,)

    view.forward = forward
    setattr(pipe, name, view)


def _step(pipe: Any, steps: int, done: int) -> int:
    """The number of the step, counted from 1 at pure noise, after `done` calls of the denoiser.

    img2img enters later; some schedulers ask the denoiser more than once for a step.
    """
    every = len(pipe.scheduler.timesteps)
    entered = every - int(pipe.num_timesteps)
    return 1 + (entered + done) * steps // every


def _conditioned(given: dict[str, Any], rows: Sequence[list[Spoken]]) -> dict[str, Any]:
    """The denoiser's arguments with this conditioning in place of the pipeline's."""
    said = [one for kind in rows for one in kind]
    states: Tensor = given["encoder_hidden_states"]
    new = {**given, "return_dict": False}
    new["encoder_hidden_states"] = torch.cat([one.states for one in said]).to(states)
    known = given.get("added_cond_kwargs")
    if known and "text_embeds" in known:
        pooled = torch.cat([one.pooled for one in said if one.pooled is not None])
        new["added_cond_kwargs"] = {**known, "text_embeds": pooled.to(known["text_embeds"])}
    return new


def _composed(
    against: Tensor, answers: Sequence[Tensor], pictures: Sequence[Conditioning]
) -> Tensor:
    """The prediction for several prompts: each one's difference from none, by its weight."""
    composed = against.clone()
    for row, picture in enumerate(pictures):
        for part, answer in zip(picture.parts, answers, strict=True):
            composed[row] += part.weight * (answer[row] - against[row])
    return composed
