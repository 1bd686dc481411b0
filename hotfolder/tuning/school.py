"""A model that learns: loaded, given a LoRA, and taken through all steps of a course."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import torch

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model, model_name
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import environment
from hotfolder.render.models import pipelines
from hotfolder.render.models.loaded import Loaded, LoadedModels
from hotfolder.tuning import checkpoint, chosen, denoising, material, memory, trainer
from hotfolder.tuning.checkpoint import Begun
from hotfolder.tuning.chosen import Example
from hotfolder.tuning.material import Row
from hotfolder.tuning.memory import Plan
from hotfolder.tuning.trainer import Trainer

if TYPE_CHECKING:
    from PIL.Image import Image

_SAVES_EVERY_S = 30.0
Pictures = Iterable[tuple[Example, Recipe, "Image"]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned: the LoRA's numbers by their names, and which part of the model has it.

    `score` is what held-out pictures said at best, of so many `steps`.
    """

    lora: dict[str, torch.Tensor]
    denoiser: str
    score: trainer.Score
    steps: int


class Listener(Protocol):
    """Who is told how far it is. Each may raise; then it can go on from there another time."""

    def read(self) -> None:
        """Another picture was read."""

    def began(self, step: int) -> None:
        """The steps begin, or go on from this one."""

    def before_step(self, made: Trainer) -> None:
        """The next step would begin. Returns when it may."""

    def after_step(self, step: int, steps: int) -> None:
        """So many steps of all are done."""


def load(model: Model, base: Path | None, device: str, like: Recipe) -> Loaded:
    """The model, with the LoRAs that `like` names melted into it: what is learned stands on them.

    Where a graphics card computes in bfloat16 that is taken, which needs no scaling. Raises
    RenderError for one that cannot be tuned, and ModelMissingError.
    """
    name = model_name(model)
    if device.startswith("cuda") and model.dtype == "auto" and torch.cuda.is_bf16_supported():
        model = msgspec.structs.replace(model, dtype="bfloat16")
    loaded = LoadedModels({name: model}, base, device).read(name)
    denoising.of(loaded.pipe)
    if like.loras:
        loaded.adapters.fetch(like)
        with loaded.adapters.active(like.loras):
            loaded.pipe.fuse_lora()
        loaded.pipe.unload_lora_weights()
    return loaded


def circumstances(loaded: Loaded, device: str, plan: Plan) -> dict[str, str]:
    """What besides pictures and settings decides the bits of a LoRA."""
    versions = {**environment.versions(), "peft": metadata.version("peft")}
    told = {"device": environment.device_name(device), "dtype": environment.word(loaded.dtype)}
    return {**told, "memory": str(plan), **versions}


def width(loaded: Loaded) -> int:
    """How many numbers the denoiser's widest layers have."""
    config = pipelines.denoiser(loaded.pipe).config
    if blocks := config.get("block_out_channels"):
        return int(max(blocks))
    return int(config["num_attention_heads"] * config["attention_head_dim"])


def learn(
    begun: Begun,
    place: Path,
    loaded: Loaded,
    device: str,
    pictures: Callable[[], Pictures],
    listener: Listener,
) -> Learned:
    """Go on with the training in the folder `place` until its end.

    `pictures` gives those of `begun`, in their order; it is asked if they were not read before.
    """
    environment.forbid_chance()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else cuBLAS adds in any order
    torch.use_deterministic_algorithms(True, warn_only=True)
    environment.set_threads(begun.course.threads)
    rows = _rows(begun, place, loaded.pipe, device, pictures, listener)
    made = prepare(loaded.pipe, begun, rows, device)
    if not checkpoint.restore(place, made):
        made.check()
    listener.began(made.step)
    _go(made, place, listener)
    made.leave()
    denoiser = pipelines.family(loaded.pipe).denoiser
    return Learned(made.best, denoiser, made.score, made.step)


def prepare(pipe: Any, begun: Begun, rows: Sequence[Row], device: str) -> Trainer:
    """The training as it begins, with its weights on the device as `begun.plan` says."""
    told = denoising.of(pipe)
    denoiser = pipelines.denoiser(pipe)
    trainer.add_lora(denoiser, told.tuning.layers, begun.course)
    memory.apply(begun.plan, denoiser, device)
    parameters = list(trainer.weights(denoiser).values())
    parts = chosen.split([row.example for row in rows], begun.course.seed)
    out = {example.picture for example in parts.held_out}
    return Trainer(
        denoiser,
        told,
        begun.course,
        [row for row in rows if row.example.picture not in out],
        [row for row in rows if row.example.picture in out],
        memory.optimizer(begun.plan, parameters, begun.course),
        device,
        begun.plan.swapped,
    )


def _rows(
    begun: Begun,
    place: Path,
    pipe: Any,
    device: str,
    pictures: Callable[[], Pictures],
    listener: Listener,
) -> list[Row]:
    """What is learned from: as it was kept, or made now."""
    file = place / "material.safetensors"
    examples = [one.example for one in begun.pictures]
    if (rows := material.kept(file, examples)) is not None:
        return rows
    parts = [p for n, p in pipe.components.items() if n.startswith(("vae", "text_encoder")) and p]
    for part in parts:
        part.to(device)
    rows = material.make(pipe, pictures(), begun.mirrored, listener.read)
    for part in parts:
        part.to("cpu")
    material.keep(file, rows)
    return rows


def _go(made: Trainer, place: Path, listener: Listener) -> None:
    """Take all steps that are left; what is done is kept now and then, and when it breaks off."""
    kept_at = time.monotonic()
    try:
        while not made.done:
            listener.before_step(made)
            if not made.go() < float("inf"):
                raise RenderError(
                    "the training produced invalid values (NaN); a profile with "
                    'dtype = "float32" can help'
                )
            if time.monotonic() - kept_at > _SAVES_EVERY_S:
                checkpoint.save_state(place, made)
                kept_at = time.monotonic()
            listener.after_step(made.step, made.course.steps)
    finally:
        checkpoint.save_state(place, made)
