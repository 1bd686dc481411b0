"""What an actor finds at its own computer: the device, the weights; and its messages as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

import hotfolder.render  # noqa: F401 - before any thread begins: see there
from hotfolder.errors import ModelMissingError
from hotfolder.executors.orders import Failed, Memory, Order, Raster, Report, Task
from hotfolder.recipes.model import Model, model_name

_orders = msgspec.msgpack.Decoder(Order)
_model = msgspec.msgpack.Decoder(Model)
encoded = msgspec.msgpack.Encoder().encode


def device(has_card: bool) -> tuple[str, str, Memory]:
    """The device of a worker, the device in words, and its memory.

    Raises DeviceLostError where it does not answer.
    """
    from hotfolder.render import environment, failures
    from hotfolder.render.memory import devices

    best = environment.best_device()
    chosen = best if has_card or best == "mps" else "cpu"
    failures.require(chosen)
    budget = devices.budget(chosen)
    dtype = environment.word(environment.dtype("auto", chosen))
    memory = Memory(budget.device_bytes, budget.host_bytes, budget.on_cpu, dtype)
    return chosen, environment.device_name(chosen), memory


def order(data: bytes, width: int, height: int, rgb: bytes) -> Order:
    """An order, and the source of its task if it has one (of more than 0 px)."""
    read: Order = _orders.decode(data)
    if isinstance(read, Task) and width:
        return replace(read, source=Raster(width, height, rgb))
    return read


def is_devices_fault(report: Report) -> bool:
    """Whether a report says that the device has failed."""
    return isinstance(report, Failed) and report.device


def found_here(models: Mapping[str, Model], base: Path) -> dict[str, Model]:
    """The daemon's models; of those whose files are not here, this computer's of the same name."""
    return {name: _here(name, model, base) for name, model in models.items()}


def fingerprint(name: str, data: bytes, base: Path) -> str:
    """The fingerprint of the weights of a model, as records have it.

    Raises RenderError where they are not on this computer.
    """
    from hotfolder.render.models import editions, weights
    from hotfolder.render.models import fingerprint as fingerprints

    model = _here(name, _model.decode(data), base)
    path = weights.locate(model, base)
    edition = editions.find(model.source)
    return edition.sha256 if edition else fingerprints.begin(model, path, base)().model


def _here(name: str, model: Model, base: Path) -> Model:
    from hotfolder.render.models import weights

    own = _own()
    if name not in own:
        return model
    try:
        weights.locate(model, base)
    except ModelMissingError:
        return own[name]
    return model


@cache
def _own() -> dict[str, Model]:
    """The models of the profiles of this computer's owner, by the names that pictures carry."""
    from hotfolder.errors import MistakesError
    from hotfolder.studio.config import load

    config, found = load.nobody(), dict[str, Any]()
    for profile in config.profiles:
        try:
            model = config.profile(profile).model
        except MistakesError:
            continue
        found.setdefault(model_name(model), model)
    return found
