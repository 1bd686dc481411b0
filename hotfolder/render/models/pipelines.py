"""One pipeline object for each render, called the way that its family wants to be called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Literal

from hotfolder.errors import RenderError
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import families
from hotfolder.render.models.family import Family

Mode = Literal["txt2img", "img2img"]
AfterStep = Callable[[Any, int, Any], None]


def family(pipe: Any) -> Family:
    """The family of a pipeline object. Raises RenderError for one that is not known."""
    return families.of(type(pipe).__name__)


def cannot_refine(family: Family) -> str:
    """A sentence for the owner of a profile if models of this family have no img2img."""
    if family.img2img or family.encode:
        return ""
    return (
        f"{family.name} models draw from text only, so their drafts cannot be refined; "
        "choose another profile, or write count = 0 under [refine]"
    )


def make(modules: Any, mode: Mode, **others: Any) -> Any:
    """A new pipeline object for `mode` around the loaded modules of the pipeline `modules`.

    `others` are components to take instead of the loaded ones: the scheduler, always.
    It costs 1.5 ms and shares nothing but weights with any other, so one render can interrupt
    another. Raises RenderError where diffusers has no such pipeline for the family.
    """
    import diffusers

    own = family(modules)
    if mode == "img2img" and (says := cannot_refine(own)):
        raise RenderError(says)
    wanted = getattr(diffusers, (mode == "img2img" and own.img2img) or own.pipeline)
    # Not by `from_pipe`, which puts shared modules into float32, and knows not every sibling.
    have = {**modules.config, **modules.components, **others}
    pipe = wanted(**{name: have[name] for name in _parameters(wanted.__init__) if name in have})
    pipe.set_progress_bar_config(disable=True)
    return pipe


def denoiser(pipe: Any) -> Any:
    """The module that takes the noise out, whatever its family calls it."""
    return getattr(pipe, family(pipe).denoiser)


def arguments(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> dict[str, Any]:
    """The arguments of `pipe` that follow from the recipe; `canvas` is (width, height) in px."""
    names = accepted(pipe)
    width, height = canvas
    wanted = {
        "prompt": recipe.prompt,
        "num_inference_steps": recipe.steps,
        "strength": recipe.strength,
        "width": width,
        "height": height,
        # These families would render at a size that they were trained at, and scale the picture.
        "use_resolution_binning": False,
        **family(pipe).guidance(denoiser(pipe).config, recipe),
    }
    return {name: value for name, value in wanted.items() if name in names}


def listen(pipe: Any, arguments: dict[str, Any], after_step: AfterStep) -> None:
    """Have `after_step(pipe, steps, latents)` called after every denoising step.

    `steps` is the number of all steps of this call; `latents` are the loop's own, and may be
    changed in place.
    """
    names = accepted(pipe)
    if "callback_on_step_end" in names:

        def at_end(_: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            steps = getattr(pipe, "num_timesteps", len(pipe.scheduler.timesteps))
            after_step(pipe, steps, tensors["latents"])
            return tensors

        arguments["callback_on_step_end"] = at_end
    elif "callback" in names:  # how older pipelines do it, PixArt's among them

        def in_time(step: int, timestep: Any, latents: Any) -> None:
            after_step(pipe, -(-len(pipe.scheduler.timesteps) // pipe.scheduler.order), latents)

        arguments["callback"] = in_time
    else:  # their schedulers are all that can be listened to
        step = pipe.scheduler.step

        @functools.wraps(step)
        def stepped(*given: Any, **named: Any) -> Any:
            after = step(*given, **named)
            after_step(pipe, len(pipe.scheduler.timesteps), after[0])
            return after

        pipe.scheduler.step = stepped


def accepted(pipe: Any) -> frozenset[str]:
    """The names of the arguments that a pipeline takes."""
    return _parameters(pipe.__call__)


def _parameters(function: Any) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)
