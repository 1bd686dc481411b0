"""A fresh scheduler for every picture: a scheduler object keeps state from step to step."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import diffusers
import torch

from hotfolder.errors import RenderError, did_you_mean
from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS, kind, misfit, offered

# Solvers work with the logarithm of the signal, which is none at sigma 1.
LARGEST_SIGMA = 0.9999


def fresh(name: str, own: Any, generator: torch.Generator | list[torch.Generator]) -> Any:
    """A new scheduler called `name`, with the configuration of the model's `own` laid under it.

    It draws its noise from `generator`, that of each picture, and from nowhere else: several
    pipelines hand their schedulers none, and those would take torch's global one. Raises
    RenderError for an unknown name, or one that does not fit the model.
    """
    scheduler = _made(name, own)
    if "generator" in inspect.signature(scheduler.step).parameters:
        scheduler.step = functools.partial(scheduler.step, generator=generator)
    return scheduler


def _made(name: str, own: Any) -> Any:
    if name not in SCHEDULERS:
        raise RenderError(f"there is no scheduler {name!r}; {did_you_mean(name, SCHEDULERS)}")
    if name == MODEL_OWN:
        return type(own).from_config(own.config)
    own_class = type(own).__name__
    if says := misfit(name, own_class, own.config):
        raise RenderError(says)
    model_kind = kind(own_class, own.config)
    class_name, options = offered(model_kind)[name]
    wanted = getattr(diffusers, class_name)
    if model_kind == "noise":
        return _from_the_first(wanted.from_config(own.config, **options))
    # Some flow models come with a solver, which has another name for the shift.
    shift = own.config.get("shift", own.config.get("flow_shift", 1.0))
    if class_name.startswith("FlowMatch"):
        return wanted.from_config(own.config, shift=shift, **options)
    return _on_flow(wanted, own.config, shift, options)


def _from_the_first(scheduler: Any) -> Any:
    """`scheduler`, beginning with its first step until a pipeline says otherwise.

    Left alone it looks its first timestep up among all of them, takes the second of two equal ones,
    as a few steps of Karras' schedule can have, and then runs out of them.
    """
    set_timesteps = scheduler.set_timesteps

    @functools.wraps(set_timesteps)
    def set_and_begin(*arguments: Any, **named: Any) -> None:
        set_timesteps(*arguments, **named)
        scheduler.set_begin_index(0)

    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_timesteps = set_and_begin
    return scheduler


def _on_flow(solver: Any, config: Mapping[str, Any], shift: float, options: Any) -> Any:
    """A solver for noise prediction that walks down a flow-matching model's own sigmas.

    diffusers' solvers know the flow's signal and noise (1 - sigma and sigma) but not each model's
    shift, its dependence on the size, or its last sigma; and pipelines hand over sigmas that they
    do not take. So the model's schedule stays as it was trained, and the solver makes the steps.
    """
    schedule = diffusers.FlowMatchEulerDiscreteScheduler.from_config(
        config, shift=shift, use_karras_sigmas=options.get("use_karras_sigmas", False)
    )

    class OnFlow(solver):  # type: ignore[misc]
        def set_timesteps(
            self, num_inference_steps: int | None = None, device: Any = None, **schedules: Any
        ) -> None:
            # Nothing has to be reset: a scheduler is new for every picture.
            schedule.set_timesteps(num_inference_steps, device, **schedules)
            self.timesteps = schedule.timesteps
            self.sigmas = schedule.sigmas.cpu().clamp(max=LARGEST_SIGMA)
            self.num_inference_steps = len(self.timesteps)
            if hasattr(self, "order_list"):
                self.order_list = self.get_order_list(self.num_inference_steps)

        # Pipelines look into the signature for what they may hand over.
        set_timesteps.__signature__ = inspect.signature(schedule.set_timesteps)  # type: ignore[attr-defined]

        def _sigma_to_alpha_sigma_t(self, sigma: Any) -> tuple[Any, Any]:
            return 1 - sigma, sigma

        def scale_noise(self, sample: Any, timestep: Any, noise: Any) -> Any:
            return self.add_noise(sample, noise, timestep)

    flow = {
        "prediction_type": "flow_prediction",
        "use_flow_sigmas": False,
        "use_karras_sigmas": False,
        "final_sigmas_type": "zero",
        "lower_order_final": True,
    }
    return OnFlow.from_config(config, **{**options, **flow})
