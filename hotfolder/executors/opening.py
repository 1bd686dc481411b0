"""Which executor a studio's settings ask for."""

from __future__ import annotations

import functools
import logging
from importlib.metadata import entry_points
from pathlib import Path

from hotfolder.errors import HotfolderError, did_you_mean
from hotfolder.executors.inside import Inside
from hotfolder.executors.orders import Executor, OnReport
from hotfolder.executors.processes import Processes
from hotfolder.recipes.settings import LOCAL, Settings

_log = logging.getLogger(__name__)
GROUP = "hotfolder.executors"


def open_executor(settings: Settings, base: Path, on_report: OnReport) -> Executor:
    """The executor that is ready to be given orders. Takes seconds: torch may be imported.

    Relative paths of models start at `base`. `on_report` is called from other threads. Raises
    HotfolderError where no such executor is installed.
    """
    name = settings.executor_choice.name
    if name == LOCAL:
        return _local(settings, base, on_report)
    offered = entry_points(group=GROUP)
    if name not in offered.names:
        near = did_you_mean(name, {LOCAL, *offered.names})
        raise HotfolderError(f"no executor {name!r} is installed; {near}")
    opened: Executor = offered[name].load()(settings, base, on_report)
    return opened


def _local(settings: Settings, base: Path, on_report: OnReport) -> Executor:
    from hotfolder.render import engine, environment, free_cores
    from hotfolder.render.memory import cards

    devices = settings.devices
    if devices == "auto":
        if unused := cards.trouble(cards.card(), cards.torch_here()):
            says = "pictures are rendered without the graphics card: %s. %s"
            _log.warning(says, unused.says, unused.advice)
        found = environment.devices()
        devices = found if len(found) > 1 else found[0]
    wanted = [devices] if isinstance(devices, str) else devices
    if not any(map(environment.is_here, wanted)):  # of several, those that are here go on
        raise HotfolderError(f"devices: torch finds no {wanted[0]!r} on this computer")
    if isinstance(devices, list):
        return Processes(devices, base, on_report)
    threads = free_cores.FreeCores().count if settings.threads == "auto" else settings.threads
    make = functools.partial(engine.Engine, base=base, device=devices, threads=threads or None)
    return Inside(on_report, make)
