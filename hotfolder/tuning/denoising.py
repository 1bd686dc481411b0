"""What a denoiser is to predict of a noisy picture: noise, velocity, or the way of a flow.

One adapter for all families: their schedulers say which, and `Family.tuning` how they are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hotfolder.errors import RenderError
from hotfolder.render.models import pipelines
from hotfolder.render.models.family import Tuning

_TIMES = 1000
_NOISIER = 4.0  # as `flow_shift`: what a picture is like as a whole is decided early (Choi 2022)


@dataclass(frozen=True, slots=True)
class Denoising:
    """How a model's noise is made and told. `shares` is None for flows: else, for each time, how
    much of the picture and of the noise there is, (1000, 2).

    `flow_shift` moves a flow's times to where a picture of its size is made.
    """

    kind: str
    shares: Tensor | None
    tuning: Tuning
    flow_shift: float = 1.0

    def times(self, count: int, random: torch.Generator) -> Tensor:
        """Noise levels to learn at, 0 to 1, (count,), spread over a batch, more of them high."""
        even = (torch.arange(count) + torch.rand(count, generator=random)) / count
        even = even[torch.randperm(count, generator=random)]
        if self.shares is not None:
            return _shifted(even, _NOISIER)
        # Esser 2024: the middle of the way is the hardest; then the shift for large pictures.
        middle = torch.sigmoid(torch.special.ndtri(even.clamp(1e-4, 1 - 1e-4)))
        return _shifted(middle, self.flow_shift)

    def noisy(self, latents: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        """Latents with so much noise, and what is to be predicted of them; (n, …) each."""
        shape = (-1, *[1] * (latents.ndim - 1))
        if self.shares is None:
            level = times.view(shape).to(latents)
            return (1 - level) * latents + level * noise, noise - latents
        picture, chance = (
            share.view(shape).to(latents) for share in self.shares[_index(times)].unbind(1)
        )
        mixed = picture * latents + chance * noise
        if self.kind == "v_prediction":
            return mixed, picture * noise - chance * latents
        return mixed, noise if self.kind == "epsilon" else latents

    def predicted(
        self, denoiser: Any, noisy: Tensor, times: Tensor, heard: dict[str, Tensor]
    ) -> Tensor:
        """What the denoiser says, as `noisy` wants it."""
        told = times * _TIMES if self.shares is None else _index(times)
        said: Tensor = self.tuning.predict(denoiser, noisy, told.to(noisy.device), heard)
        return said


def of(pipe: Any) -> Denoising:
    """How the model in `pipe` is taught. Raises RenderError where that is not known."""
    family = pipelines.family(pipe)
    if family.tuning is None:
        raise RenderError(
            f"{family.name} models cannot be tuned here; Stable Diffusion 1.x, 2.x, XL and 3 can"
        )
    config = pipe.scheduler.config
    if family.tuning.flow:
        return Denoising("flow", None, family.tuning, float(config.get("shift") or 1.0))
    from diffusers import DDPMScheduler

    kept = DDPMScheduler.from_config(config).alphas_cumprod.double()
    shares = torch.stack([kept.sqrt(), (1 - kept).clamp(min=0).sqrt()], 1)
    return Denoising(str(config.get("prediction_type", "epsilon")), shares, family.tuning)


def _shifted(times: Tensor, shift: float) -> Tensor:
    """Times moved towards the noise."""
    return shift * times / (1 + (shift - 1) * times)


def _index(times: Tensor) -> Tensor:
    return (times * _TIMES).long().clamp(0, _TIMES - 1)
