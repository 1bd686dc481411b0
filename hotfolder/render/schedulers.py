"""A fresh scheduler for every picture: a scheduler object keeps state from step to step."""

from __future__ import annotations

from typing import Any

import diffusers

from hotfolder.errors import RenderError, did_you_mean
from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS


def fresh(name: str, own: Any) -> Any:
    """A new scheduler called `name`, with the configuration of the model's `own` laid under it.

    Every one in the table draws its noise from the generator of the picture and from nowhere else.
    Raises RenderError for an unknown name, or one that does not fit the model.
    """
    if name not in SCHEDULERS:
        raise RenderError(f"there is no scheduler {name!r}; {did_you_mean(name, SCHEDULERS)}")
    if name == MODEL_OWN:
        return type(own).from_config(own.config)
    own_class = type(own).__name__
    if own_class.startswith("FlowMatch"):
        raise RenderError(
            f"the scheduler {name!r} does not fit this model, which was trained by flow matching; "
            f'write scheduler = "{MODEL_OWN}"'
        )
    class_name, options = SCHEDULERS[name]
    return getattr(diffusers, class_name).from_config(own.config, **options)
