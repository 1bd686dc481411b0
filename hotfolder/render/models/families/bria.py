"""Bria 3.2, Fibo and Fibo 2, trained on licensed pictures alone."""

from __future__ import annotations

import functools
from typing import Any

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models.family import (
    Arguments,
    Config,
    Family,
    film_latents,
    in_a_row,
    normalised_latents,
    patches,
    plain_guidance,
    scaled_latents,
)


def _guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """Fibo 2 would draw what a prompt quotes with fonts of its own."""
    return plain_guidance(denoiser, recipe) | {"render_text_images": False}


def _ready(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> None:
    """Bria's pipeline tells the size of a picture to the scheduler of its own alone.

    And it has all others scale what the denoiser sees, which not every one for flow matching knows.
    """
    scheduler, config = pipe.scheduler, pipe.scheduler.config
    if type(scheduler).__name__ == "FlowMatchEulerDiscreteScheduler":
        return
    if not hasattr(scheduler, "scale_model_input"):
        scheduler.scale_model_input = _unscaled
    if not config.get("use_dynamic_shifting"):
        return
    tokens = canvas[0] * canvas[1] // pipe.vae_scale_factor**2
    names = ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")
    least, most, low, high = (config[name] for name in names)
    mu = low + (tokens - least) * (high - low) / (most - least)
    scheduler.set_timesteps = functools.partial(scheduler.set_timesteps, mu=mu)


def _unscaled(sample: Any, timestep: Any) -> Any:
    return sample


def _packed(pipe: Any, picture: Any) -> Any:
    return in_a_row(patches(scaled_latents(pipe, picture)))


def _tokens(pipe: Any, picture: Any) -> Any:
    return in_a_row(film_latents(pipe, picture))


def _unpacked(pipe: Any, picture: Any) -> Any:
    return pipe._unpatchify_latents(normalised_latents(pipe, picture))


FAMILIES = [
    Family("BriaPipeline", encode=_packed, tokens=128, ready=_ready, step_caches=("taylor",)),
    Family("BriaFiboPipeline", encode=_tokens, tokens=3000),
    Family(
        "BriaFibo2Pipeline",
        encode=_unpacked,
        tokenizer="processor",
        guidance=_guidance,
        pairs=False,
    ),
]
