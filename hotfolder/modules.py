"""The modules of a package that is extended by adding one: prompt formats, containers, marks."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from importlib.resources import files
from types import ModuleType


def modules_of(package: ModuleType) -> Mapping[str, ModuleType]:
    """All modules of a package by their names, sorted.

    Raises OSError where its folder cannot be listed now: too many files may be open. pkgutil would
    take it for an empty one.
    """
    found = (inspect.getmodulename(entry.name) for entry in files(package).iterdir())
    names = sorted(name for name in found if name and name != "__init__")
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
