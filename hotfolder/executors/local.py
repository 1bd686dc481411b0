"""The executor of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hotfolder.executors.inside import Inside
from hotfolder.executors.orders import Executor, Hear
from hotfolder.executors.worker import Renderer
from hotfolder.recipes.profile import Model


def open_executor(base: Path, hear: Hear) -> Executor:
    """An executor for the devices here. Takes seconds: torch is imported.

    Relative paths of models start at `base`.
    """
    from hotfolder.render.engine import Engine

    def make(models: Mapping[str, Model]) -> Renderer:
        return Engine(models, base)

    return Inside(hear, make)
