"""A refinement by a pipeline that only draws from text: it begins with a picture and less noise.

Such a pipeline takes the latents to begin with, and asks its scheduler for the noise levels of its
steps. So its scheduler keeps the last of them alone, and the latents are those of the source with
as much noise as the first of these levels has: what diffusers' own img2img pipelines do (SDEdit,
Meng 2022).
"""

from __future__ import annotations

import functools
from typing import Any

import torch

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import pipelines


class _Asked(BaseException):
    """Ends a call as soon as the noise levels are known. No pipeline's `except` may catch it."""


def begin(pipe: Any, arguments: dict[str, Any], recipe: Recipe) -> None:
    """Have `pipe`, when called with `arguments`, refine their "image" with the recipe's strength.

    Steps times strength is how many of its steps run: the last ones. The image is float32,
    (1, 3, height, width), 0..1. Noise comes from the generator among the arguments. To hear the
    noise levels, which may depend on the size and the number of steps, the pipeline is called once
    and stopped before its first step; its prompt is read only once.
    """
    picture = arguments.pop("image")
    _keep_loudness(pipe.scheduler)
    _keep_last(pipe.scheduler, max(1, int(recipe.steps * (recipe.strength or 1.0))))
    set_timesteps = pipe.scheduler.set_timesteps

    @functools.wraps(set_timesteps)
    def ask(*given: Any, **named: Any) -> None:
        set_timesteps(*given, **named)
        raise _Asked

    pipe.scheduler.set_timesteps = ask
    try:
        pipe(**{**arguments, "generator": torch.Generator("cpu")}, output_type="latent")
    except _Asked:
        pass
    finally:
        pipe.scheduler.set_timesteps = set_timesteps
    arguments["latents"] = _noised(pipe, picture, arguments["generator"])


def _keep_last(scheduler: Any, steps: int) -> None:
    """Have `scheduler` keep only the last steps of those that it is asked for."""
    set_timesteps = scheduler.set_timesteps

    @functools.wraps(set_timesteps)
    def cut(*given: Any, **named: Any) -> None:
        set_timesteps(*given, **named)
        # A step of second order has two timesteps, and the last of all but one.
        first = max(0, -(-len(scheduler.timesteps) // scheduler.order) - steps) * scheduler.order
        scheduler.timesteps = scheduler.timesteps[first:]
        if hasattr(scheduler, "sigmas"):
            scheduler.sigmas = scheduler.sigmas[first:]

    scheduler.set_timesteps = cut


def _keep_loudness(scheduler: Any) -> None:
    """Have no pipeline make latents that it is given as loud as noise alone is."""
    kind = type(scheduler)
    if hasattr(kind, "init_noise_sigma"):  # a property, where noise is many times as loud as 1
        scheduler.__class__ = type(kind.__name__, (kind,), {"init_noise_sigma": 1.0})


@torch.no_grad()
def _noised(pipe: Any, picture: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The latents of `picture` at the noise level of the first step, in float32."""
    encode = pipelines.family(pipe).encode
    assert encode is not None  # noqa: S101 - without it no pipeline would have been made
    device, scheduler = pipe._execution_device, pipe.scheduler
    latents = encode(pipe, (picture * 2 - 1).to(device, pipe.vae.dtype)).float().contiguous()
    noise = torch.randn(latents.shape, generator=generator).to(device)
    if hasattr(scheduler, "scale_noise"):  # of flow matching
        noised = scheduler.scale_noise(latents, scheduler.timesteps[:1], noise)
    else:
        noised = scheduler.add_noise(latents, noise, scheduler.timesteps[:1])
    assert isinstance(noised, torch.Tensor)  # noqa: S101
    return noised
