"""A stopped render's state in a file, and how another process goes on from it, bit for bit.

Between two denoising steps a picture is its latents, its generator's state and what its scheduler
remembers, in a few families its guidance as well, and what a step cache does. All else a pipeline
computes again from the same arguments. So a new call repeats the steps that were done with one
made-up answer of the denoiser, and then puts in what was saved. The first step is really made, for
some denoisers keep what they thought of the prompt then; that is all the time it costs. Pipelines
have no other door: `latents=` is scaled again, and many schedulers take no `timesteps=`.

The file is safetensors with JSON in its header. Nothing in it is run, and what does not fit is not
used.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as unpacked
from safetensors.torch import save as packed

from hotfolder.render.models import pipelines
from hotfolder.replacement import replace

Tensors = dict[str, torch.Tensor]

# A scheduler's configuration, and what it does that is ours: every process has them.
_FIXED = frozenset({"_internal_dict", "scale_model_input", "set_timesteps", "step"})
_ENTRY = "hotfolder"


@dataclass(frozen=True, slots=True)
class State:
    """Where pictures stand after `steps` denoising steps that took `seconds`.

    `latents` are the loop's; `generators` has the state of each picture's CPU generator;
    `scheduler` maps the names of a scheduler's attributes to their values, and `others` those of
    whatever else remembers.
    """

    steps: int
    seconds: float
    latents: torch.Tensor
    generators: list[torch.Tensor]
    scheduler: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]] = field(default_factory=list)


def capture(
    pipe: Any,
    generators: Sequence[torch.Generator],
    latents: torch.Tensor,
    steps: int,
    seconds: float,
    others: Sequence[Any] = (),
) -> State:
    """The state of a running pipeline, to be called from its callback after a step.

    `others` are objects outside of it that remember something from step to step.
    """
    memory = {name: value for name, value in vars(pipe.scheduler).items() if name not in _FIXED}
    all_others = [dict(vars(one)) for one in (*pipelines.family(pipe).remembers(pipe), *others)]
    return State(steps, seconds, latents, [g.get_state() for g in generators], memory, all_others)


def restore(
    state: State,
    pipe: Any,
    generators: Sequence[torch.Generator],
    latents: torch.Tensor,
    others: Sequence[Any] = (),
) -> None:
    """Put `state` into a running pipeline that stands after the same step, `latents` in place.

    `others` are the objects that `capture` was given, as they are now.

    Raises ValueError where the state is that of another picture.
    """
    if latents.shape != state.latents.shape or latents.dtype != state.latents.dtype:
        raise ValueError("the saved latents have another shape")
    if not state.scheduler.keys() <= vars(pipe.scheduler).keys():
        raise ValueError("the saved scheduler is another one")
    vars(pipe.scheduler).update(state.scheduler)
    all_others = (*pipelines.family(pipe).remembers(pipe), *others)
    for one, kept in zip(all_others, state.others, strict=True):
        vars(one).update(kept)
    for generator, saved in zip(generators, state.generators, strict=True):
        generator.set_state(saved)
    latents.copy_(state.latents)


class Forward:
    """Stands in for a pipeline's denoiser while steps are repeated; the `first` asks the real one.

    Its answer has the shape and type that the pipeline expects; its values do not matter. To the
    pipeline it looks like the model, whose class and attributes it shows.
    """

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._name = pipelines.family(pipe).denoiser
        self._denoiser = pipelines.denoiser(pipe)
        self._answer: Any = None
        self.first = True
        # Past DiffusionPipeline.__setattr__, which would enter this class into the configuration.
        vars(pipe)[self._name] = self

    def end(self) -> None:
        """Give the pipeline its denoiser back."""
        vars(self._pipe)[self._name] = self._denoiser

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if self._answer is None or self.first:
            self._answer = self._denoiser(*arguments, **named)
        return self._answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._denoiser, name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The model's class, for pipelines that look for modules among their components."""
        return type(self._denoiser)


def write(path: Path, state: State, identity: Mapping[str, Any]) -> bool:
    """Write `state` to `path`, whole or not at all; False for a scheduler that cannot be saved.

    `identity` is all that must be the same when it is used. Raises OSError.
    """
    tensors: Tensors = {}
    try:
        header: dict[str, Any] = {
            "identity": identity,
            "steps": state.steps,
            "seconds": state.seconds,
            "latents": _written(state.latents, tensors),
            "generators": _written(state.generators, tensors),
            "scheduler": {
                name: _written(value, tensors) for name, value in state.scheduler.items()
            },
            "others": [
                {name: _written(value, tensors) for name, value in one.items()}
                for one in state.others
            ],
        }
    except TypeError:
        return False
    data = packed(tensors, {_ENTRY: json.dumps(header)})
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, data, durable=True)
    return True


def read(path: Path, identity: Mapping[str, Any], device: str) -> State | None:
    """The state at `path` if there is one and it was saved under the same `identity`.

    Tensors that were on a device are put on `device`. What cannot be read is no state: the picture
    is then begun again.
    """
    with suppress(
        OSError, SafetensorError, ValueError, TypeError, KeyError, RecursionError, struct.error
    ):
        data = path.read_bytes()  # a mapped file could not be deleted or replaced on Windows
        (size,) = struct.unpack_from("<Q", data)
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][_ENTRY])
        if header["identity"] != json.loads(json.dumps(identity)):
            return None
        tensors = unpacked(data)
        return State(
            steps=int(header["steps"]),
            seconds=float(header["seconds"]),
            latents=_read(header["latents"], tensors, device),
            generators=_read(header["generators"], tensors, device),
            scheduler={
                name: _read(value, tensors, device) for name, value in header["scheduler"].items()
            },
            others=[
                {name: _read(value, tensors, device) for name, value in one.items()}
                for one in header["others"]
            ],
        )
    return None


def _written(value: Any, tensors: Tensors) -> Any:
    """`value` as JSON, its numbers in `tensors`; TypeError for what is no plain data."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, list | tuple):
        items = [_written(item, tensors) for item in value]
        return {"list" if isinstance(value, list) else "tuple": items}
    name = str(len(tensors))
    if isinstance(value, dict):
        return {"dict": [[_written(k, tensors), _written(v, tensors)] for k, v in value.items()]}
    if isinstance(value, torch.dtype | torch.device):
        return {type(value).__name__: str(value).removeprefix("torch.")}
    if isinstance(value, torch.Tensor):
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        # Strides are kept because they change bits.
        where = {"stride": value.stride(), "device": value.device.type != "cpu"}
        return {"tensor": name, **where}
    if isinstance(value, np.ndarray | np.generic):
        tensors[name] = torch.from_numpy(np.array(value))
        return {"array": name}
    raise TypeError(f"a {type(value).__name__} cannot be saved")


def _read(written: Any, tensors: Tensors, device: str) -> Any:
    """What `_written` was given; KeyError, TypeError or ValueError if it was given nothing."""
    if not isinstance(written, dict):
        return written
    if "list" in written:
        return [_read(item, tensors, device) for item in written["list"]]
    if "tuple" in written:
        return tuple(_read(item, tensors, device) for item in written["tuple"])
    if "dict" in written:
        return {
            _read(name, tensors, device): _read(one, tensors, device)
            for name, one in written["dict"]
        }
    if "dtype" in written:
        found = getattr(torch, written["dtype"])
        if not isinstance(found, torch.dtype):
            raise ValueError(f"{found} is no format of numbers")
        return found
    if "device" in written and "tensor" not in written:
        return torch.device(device if written["device"] != "cpu" else "cpu")
    if "array" in written:
        return tensors[written["array"]].numpy()[()]
    saved = tensors[written["tensor"]]
    if saved.is_contiguous() and tuple(written["stride"]) != saved.stride():
        saved = _laid_out(saved, tuple(written["stride"]))
    return saved.to(device) if written["device"] else saved


def _laid_out(tensor: torch.Tensor, stride: tuple[int, ...]) -> torch.Tensor:
    """`tensor` with its dimensions in the order in memory that `stride` says."""
    if len(stride) != tensor.dim():
        raise ValueError("a tensor's strides do not fit its shape")
    order = sorted(range(len(stride)), key=lambda dim: -stride[dim])
    back = [order.index(dim) for dim in range(len(order))]
    return tensor.permute(order).contiguous().permute(back)
