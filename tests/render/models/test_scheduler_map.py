"""Schedulers are fresh objects with the model's own configuration laid under them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler, SCMScheduler

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.schedulers import FLOW_SCHEDULERS, MODEL_OWN, SCHEDULERS
from hotfolder.render.engine import Engine
from hotfolder.render.models import scheduler_map

OWN = DDIMScheduler(prediction_type="v_prediction", beta_schedule="squaredcos_cap_v2")


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_keeps_what_the_model_was_trained_with(name: str) -> None:
    """Prediction type and noise schedule stay the model's; the object is a new one."""
    scheduler = scheduler_map.fresh(name, OWN, torch.Generator())
    assert scheduler is not OWN
    assert scheduler.config.prediction_type == "v_prediction"
    assert scheduler.config.beta_schedule == "squaredcos_cap_v2"


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_has_the_options_of_its_name(name: str) -> None:
    """What the table lays over the model's configuration arrives in the scheduler."""
    class_name, options = SCHEDULERS[name]
    scheduler = scheduler_map.fresh(name, OWN, torch.Generator())
    assert type(scheduler).__name__ == (class_name or "DDIMScheduler")
    assert {key: scheduler.config[key] for key in options} == options


def test_an_unknown_scheduler_names_the_nearest() -> None:
    """A recipe from another version may name a scheduler that is not here."""
    with pytest.raises(RenderError, match=r"did you mean 'DPM\+\+ 2M Karras'"):
        scheduler_map.fresh("DPM++ 2M Karas", OWN, torch.Generator())


def test_flow_matching_models_keep_their_own() -> None:
    """A scheduler for noise prediction does not fit them; their own is made anew."""
    flow = FlowMatchEulerDiscreteScheduler(shift=3.0)
    with pytest.raises(RenderError, match="flow matching"):
        scheduler_map.fresh("DDIM", flow, torch.Generator())
    assert scheduler_map.fresh(MODEL_OWN, flow, torch.Generator()).config.shift == 3.0


@pytest.mark.parametrize("shifting", [False, True])
@pytest.mark.parametrize("name", FLOW_SCHEDULERS)
def test_a_flow_ends_where_it_should(name: str, shifting: bool) -> None:
    """On a flow that is known, every scheduler walks from noise to the right values.

    The data are normal with mean 2 and deviation 0.5, so the best velocity has a closed form, and
    the deterministic way leads from noise x to 2 + 0.5 x; with noise added, to that distribution.
    """
    mean, deviation = 2.0, 0.5
    own = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=shifting)
    scheduler = scheduler_map.fresh(name, own, torch.Generator().manual_seed(1))
    scheduler.set_timesteps(60, mu=0.9 if shifting else None)
    start = sample = torch.randn((4000, 1), generator=torch.Generator().manual_seed(0))
    for timestep in scheduler.timesteps:
        t = float(timestep) / 1000
        off = (sample - (1 - t) * mean) / ((1 - t) ** 2 * deviation**2 + t**2)
        velocity = t * off - (mean + (1 - t) * deviation**2 * off)
        sample = scheduler.step(velocity, timestep, sample, return_dict=False)[0]
    assert sample.mean() == pytest.approx(mean, abs=0.05)
    if name == "LCM" or "SDE" in name or name == "Euler a":
        assert sample.std() == pytest.approx(deviation, abs=0.2)
    else:
        assert (sample - (mean + deviation * start)).abs().max() < 0.15


def test_a_kind_without_choice() -> None:
    """A model with a scheduler of its own making runs with that alone."""
    with pytest.raises(RenderError, match="needs its own scheduler"):
        scheduler_map.fresh("Euler", SCMScheduler(), torch.Generator())
    assert type(scheduler_map.fresh(MODEL_OWN, SCMScheduler(), torch.Generator())) is SCMScheduler


def test_noise_comes_from_the_generator_that_was_given() -> None:
    """Pipelines of flow models hand their schedulers no generator; ours has the picture's."""
    own = FlowMatchEulerDiscreteScheduler(stochastic_sampling=True)
    ends = []
    for state in (1, 2):
        torch.manual_seed(state)
        scheduler = scheduler_map.fresh(MODEL_OWN, own, torch.Generator().manual_seed(5))
        scheduler.set_timesteps(2)
        step = scheduler.step(torch.zeros(3), scheduler.timesteps[0], torch.ones(3))
        ends.append(step.prev_sample.tolist())
    assert ends[0] == ends[1]


@pytest.fixture(scope="module")
def shipped() -> Engine:
    """An engine for the model that is included."""
    return Engine({"postcard": Model(source="shipped:postcard")}, None, device="cpu", threads=1)


def _shipped(scheduler: str, steps: int) -> Recipe:
    return Recipe(
        prompt="a castle",
        seed=1,
        width=128,
        height=128,
        multiple=32,
        model="postcard",
        scheduler=scheduler,
        steps=steps,
        guidance_scale=3.0,
    )


@pytest.mark.parametrize("name", ["DPM++ 2M Karras", "DPM++ 2M SDE Karras"])
def test_equal_timesteps(shipped: Engine, name: str) -> None:
    """A schedule whose first two timesteps are the same begins with the first."""
    image = shipped.render(_shipped(name, steps=6)).image
    assert np.asarray(image).std() > 3


def test_values_that_are_no_picture(shipped: Engine) -> None:
    """A scheduler that runs away on a model is told, and gives no black picture."""
    with pytest.raises(RenderError, match="invalid values"):
        shipped.render(_shipped("DPM2 a", steps=4))
