"""What sits on a worker: a renderer in a thread of its own, its orders and its reports.

Ray sends this class along to computers that may have another hotfolder, or none: nothing of
hotfolder is imported before `hello` has compared the versions.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotfolder.executors.orders import Order, Report
    from hotfolder.executors.worker import Renderer
    from hotfolder.recipes.model import Model

GROUPS = {"orders": 1, "reports": 1, "files": 1}
"""Of its methods: those of different groups run at the same time."""
_LISTENS_S = 5.0
_MOST_REPORTS = 64


class Actor:
    """Renders what it is given. Each method is called in one of GROUPS.

    `renderer` names what makes the renderer, and `base` is the folder at which the models' relative
    paths start.
    """

    def __init__(self, base: str, renderer: str) -> None:
        self._base = Path(base)
        self._named = renderer
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._facts: dict[str, Any] = {}
        self._has_failed = False

    def hello(self, version: str) -> dict[str, Any]:
        """Who this is: `refused` says why it cannot render, else `device` and `memory`.

        From then on it renders.
        """
        if self._facts:
            return self._facts
        where = platform.node()
        try:
            from hotfolder import __version__
        except ImportError:
            says = f"hotfolder is not installed there; install {version}, as on this computer"
            return {"where": where, "refused": says}
        if __version__ != version:
            says = f"it has hotfolder {__version__}, and this computer {version}; install the same"
            return {"where": where, "refused": says}
        from hotfolder.executors.ray import bench

        try:
            name, device, memory = bench.device(bool(_cards()))
        except Exception as error:
            return {"where": where, "refused": str(error) or type(error).__name__}
        threading.Thread(target=self._work, args=(name,), name="render", daemon=True).start()
        self._facts = {"where": where, "device": device, "memory": memory}
        return self._facts

    def give(self, order: bytes, width: int, height: int, rgb: bytes) -> None:
        """Follow an order at the next denoising step; a task's source comes beside it."""
        from hotfolder.executors.ray import bench

        self._orders.put(bench.order(order, width, height, rgb))

    def reports(self) -> list[bytes]:
        """The next reports; none after a few seconds without any."""
        from hotfolder.executors.ray import bench

        if self._has_failed:
            os._exit(1)  # a device that has failed once fails until another process begins
        found: list[Report] = []
        try:
            found.append(self._reports.get(timeout=_LISTENS_S))
            while len(found) < _MOST_REPORTS and not self._reports.empty():
                found.append(self._reports.get_nowait())
        except Empty:
            return []
        self._has_failed = any(map(bench.is_devices_fault, found))
        return [bench.encoded(report) for report in found]

    def fingerprint(self, name: str, model: bytes) -> str:
        """The fingerprint of a model's weights here. Raises RenderError where they are not."""
        from hotfolder.executors.ray import bench

        return bench.fingerprint(name, model, self._base)

    def _work(self, device: str) -> None:
        import pkgutil

        from hotfolder.executors.ray import bench
        from hotfolder.executors.worker import Worker

        make = pkgutil.resolve_name(self._named)

        def renderer(models: Mapping[str, Model]) -> Renderer:
            made: Renderer = make(bench.found_here(models, self._base), self._base, device)
            return made

        Worker(self._orders, self._reports.put, renderer).run()


def engine(models: Mapping[str, Model], base: Path, device: str) -> Renderer:
    """The renderer of models: the engine."""
    from hotfolder.render.engine import Engine

    return Engine(models, base, device)


def _cards() -> list[str]:
    """The graphics cards that Ray has set aside for this actor."""
    import ray

    return list(ray.get_runtime_context().get_accelerator_ids().get("GPU", []))
