"""A training on disk: what it was begun with, and how far it is. In local state, for one machine.

A file appears whole or not at all, and holds all that the next step depends on. So a training that
was killed at any moment goes on from the last one, and ends with the same bits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import torch
from msgspec import Struct
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from hotfolder import replacement
from hotfolder.recipes.recipe import Recipe
from hotfolder.studio.store import local
from hotfolder.tuning import trainer
from hotfolder.tuning.chosen import Example
from hotfolder.tuning.course import Course
from hotfolder.tuning.memory import Plan
from hotfolder.tuning.trainer import Score, Trainer


class Picture(Struct, frozen=True):
    """A picture that is learned from or asked about, where it lay, and its recipe."""

    example: Example
    path: str
    recipe: Recipe


class Begun(Struct, frozen=True):
    """What a training was begun with; it goes on with the same, whatever is picked meanwhile.

    `profile` is tuned, `name` what the result is to be called. `model_sha256` is the model's
    fingerprint, `circumstances` what else changes bits, `plan` how it fits into memory.
    """

    profile: str
    name: str
    course: Course
    pictures: tuple[Picture, ...]
    mirrored: bool
    model_sha256: str
    circumstances: dict[str, str]
    plan: Plan


def begin(place: Path, begun: Begun) -> None:
    """Write down what is to be learned. Raises OSError."""
    local.write(place / "begun.json", begun)


def begun(place: Path) -> Begun | None:
    """The training that lies there; None for none, or one of another version."""
    return local.read(place / "begun.json", Begun)


def save_state(place: Path, made: Trainer) -> None:
    """Write down how far it is. Raises OSError."""
    tensors = {f"lora.{n}": p.detach() for n, p in trainer.weights(made.denoiser).items()}
    tensors |= {f"best.{name}": tensor for name, tensor in made.best.items()}
    for number, values in made.optimizer.state_dict()["state"].items():
        for key, value in values.items():
            tensors[f"optimizer.{number}.{key}"] = torch.as_tensor(value)
    told = {
        "step": made.step,
        "done": made.done,
        "score": msgspec.to_builtins(made.score),
    }
    kept = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    replacement.replace(place / "state.safetensors", save(kept, {"told": json.dumps(told)}))


def restore(place: Path, made: Trainer) -> bool:
    """Go on where the state on disk ends; whether there is one. One that is damaged is none."""
    try:
        with safe_open(place / "state.safetensors", "pt") as file:
            told = json.loads((file.metadata() or {})["told"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError):
        return False
    with torch.no_grad():
        for name, parameter in trainer.weights(made.denoiser).items():
            parameter.copy_(tensors[f"lora.{name}"])
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "best":
            made.best[rest] = tensor
        elif kind == "optimizer":
            number, _, key = rest.partition(".")
            state.setdefault(int(number), {})[key] = tensor
    groups = made.optimizer.state_dict()["param_groups"]
    made.optimizer.load_state_dict({"state": state, "param_groups": groups})
    made.step, made.done = told["step"], told["done"]
    made.score = Score(**told["score"])
    return True
