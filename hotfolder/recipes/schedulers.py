"""The schedulers that recipes may name: what people call them, and what diffusers calls them.

Data only. The options are laid over the model's own scheduler configuration, so a model's
prediction type, noise schedule, shift and timestep spacing stay as its makers shipped them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MODEL_OWN = "model"

Offered = Mapping[str, tuple[str, Mapping[str, Any]]]

_DPM_2M = {"algorithm_type": "dpmsolver++"}
_DPM_2M_SDE = {"algorithm_type": "sde-dpmsolver++"}
_KARRAS = {"use_karras_sigmas": True}

# For models that predict noise, velocity or the picture: all Stable Diffusion up to XL.
SCHEDULERS: Offered = {
    MODEL_OWN: ("", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler Karras": ("EulerDiscreteScheduler", _KARRAS),
    "Euler exponential": ("EulerDiscreteScheduler", {"use_exponential_sigmas": True}),
    "Euler trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Euler a trailing": ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", _DPM_2M),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {**_DPM_2M, **_KARRAS}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", _DPM_2M_SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", {**_DPM_2M_SDE, **_KARRAS}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "DDIM": ("DDIMScheduler", {"clip_sample": False}),
    "DEIS": ("DEISMultistepScheduler", {"algorithm_type": "deis"}),
    "PNDM": ("PNDMScheduler", {}),
    "LCM": ("LCMScheduler", {}),
    "TCD": ("TCDScheduler", {}),
}

# For models trained by flow matching: Stable Diffusion 3, FLUX.1, Qwen-Image, Z-Image, Sana …
FLOW_SCHEDULERS: Offered = {
    MODEL_OWN: ("", {}),
    "Euler": ("FlowMatchEulerDiscreteScheduler", {}),
    "Euler Karras": ("FlowMatchEulerDiscreteScheduler", _KARRAS),
    "Euler exponential": ("FlowMatchEulerDiscreteScheduler", {"use_exponential_sigmas": True}),
    "Euler a": ("FlowMatchEulerDiscreteScheduler", {"stochastic_sampling": True}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", _DPM_2M),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {**_DPM_2M, **_KARRAS}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", _DPM_2M_SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", {**_DPM_2M_SDE, **_KARRAS}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "LCM": ("FlowMatchLCMScheduler", {}),
}


def kind(class_name: str, config: Mapping[str, Any]) -> str:
    """What a model's own scheduler says of its training: "noise", "flow", or "" for neither.

    Models of neither kind, like Sana Sprint and LCM, run with their own scheduler alone.
    """
    if class_name.startswith("FlowMatch") or config.get("prediction_type") == "flow_prediction":
        return "flow"
    noise = {name for name, _ in SCHEDULERS.values()} | {"DDPMScheduler"}
    return "noise" if class_name in noise - {"LCMScheduler"} else ""


def offered(model_kind: str) -> Offered:
    """The schedulers that a model of this kind can run with."""
    if model_kind == "noise":
        return SCHEDULERS
    return FLOW_SCHEDULERS if model_kind == "flow" else {MODEL_OWN: ("", {})}


def misfit(name: str, class_name: str, config: Mapping[str, Any]) -> str:
    """A sentence if the scheduler `name` does not fit a model with this scheduler of its own."""
    fitting = offered(kind(class_name, config))
    if name in fitting:
        return ""
    trained = {"flow": "was trained by flow matching", "noise": "predicts noise"}
    why = trained.get(kind(class_name, config), "needs its own scheduler")
    return (
        f"the scheduler {name!r} does not fit this model, which {why}; "
        f"these do: {', '.join(fitting)}"
    )
