"""All readers of this package, asked in turn."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from hotfolder.images import foreign
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from hotfolder.modules import modules_of


def read(metadata: Metadata) -> GenerationParams | None:
    """What the program that made a picture says of it; None for one that says nothing we know.

    A1111's text comes last: many write it beside a form of their own that says more.
    """
    for reader in _readers():
        params: GenerationParams | None = reader.read(metadata)
        if params is not None:
            return params
    return None


@cache
def _readers() -> tuple[ModuleType, ...]:
    readers = [module for name, module in modules_of(foreign).items() if name != "readers"]
    return tuple(sorted(readers, key=lambda module: getattr(module, "FALLBACK", False)))
