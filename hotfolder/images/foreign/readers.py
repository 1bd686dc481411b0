"""All readers of this package, asked in turn."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from msgspec.structs import replace

from hotfolder.images import foreign
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from hotfolder.modules import modules_of


def read(metadata: Metadata) -> GenerationParams | None:
    """What the program that made a picture says of it; None for one that says nothing we know.

    A1111's text comes last: many write it beside a form of their own that says more. A form that
    does not tell its prompt gives way to one that does.
    """
    first: GenerationParams | None = None
    for reader in _readers():
        params: GenerationParams | None = reader.read(metadata)
        if params is not None and params.prompt:
            unclear = first.unclear if first else ""
            said = f"{unclear}; its A1111 text is used" if unclear else params.unclear
            return replace(params, unclear=said)
        first = first or params
    return first


@cache
def _readers() -> tuple[ModuleType, ...]:
    readers = [module for name, module in modules_of(foreign).items() if name != "readers"]
    return tuple(sorted(readers, key=lambda module: getattr(module, "FALLBACK", False)))
