"""Schedulers are fresh objects with the model's own configuration laid under them."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler

from hotfolder.errors import RenderError
from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS
from hotfolder.render import schedulers

OWN = DDIMScheduler(prediction_type="v_prediction", beta_schedule="squaredcos_cap_v2")


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_keeps_what_the_model_was_trained_with(name: str) -> None:
    """Prediction type and noise schedule stay the model's; the object is a new one."""
    scheduler = schedulers.fresh(name, OWN, torch.Generator())
    assert scheduler is not OWN
    assert scheduler.config.prediction_type == "v_prediction"
    assert scheduler.config.beta_schedule == "squaredcos_cap_v2"


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_has_the_options_of_its_name(name: str) -> None:
    """What the table lays over the model's configuration arrives in the scheduler."""
    class_name, options = SCHEDULERS[name]
    scheduler = schedulers.fresh(name, OWN, torch.Generator())
    assert type(scheduler).__name__ == (class_name or "DDIMScheduler")
    assert {key: scheduler.config[key] for key in options} == options


def test_an_unknown_scheduler_names_the_nearest() -> None:
    """A recipe from another version may name a scheduler that is not here."""
    with pytest.raises(RenderError, match=r"did you mean 'DPM\+\+ 2M Karras'"):
        schedulers.fresh("DPM++ 2M Karas", OWN, torch.Generator())


def test_flow_matching_models_keep_their_own() -> None:
    """A scheduler for noise prediction does not fit them; their own is made anew."""
    flow = FlowMatchEulerDiscreteScheduler(shift=3.0)
    with pytest.raises(RenderError, match="flow matching"):
        schedulers.fresh("DDIM", flow, torch.Generator())
    assert schedulers.fresh(MODEL_OWN, flow, torch.Generator()).config.shift == 3.0
