"""The modules of a package that is extended by adding one: prompt formats, containers, marks."""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import ModuleType

_log = logging.getLogger(__name__)


def modules_of(package: ModuleType, group: str = "") -> Mapping[str, ModuleType]:
    """All modules of a package by their names, sorted, and those that others install for it.

    Another package offers a module as an entry point of a `group` that is called like the package
    that it extends unless something else is said: `hotfolder.prompts`, `hotfolder.stars`,
    `hotfolder.outlets`, `hotfolder.images` or `hotfolder.images.foreign`. One that cannot be used
    is named in the log, and the others work.

    Raises OSError where the package's folder cannot be listed now: too many files may be open.
    pkgutil would take it for an empty one.
    """
    found = (inspect.getmodulename(entry.name) for entry in files(package).iterdir())
    names = sorted(name for name in found if name and name != "__init__")
    own = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    return own | dict(sorted(_installed(group or package.__name__, own)))


def _installed(group: str, own: Mapping[str, ModuleType]) -> Iterator[tuple[str, ModuleType]]:
    """The modules that other packages offer under names of their own."""
    from importlib.metadata import entry_points  # which takes a while to import

    for offered in entry_points(group=group):
        where = f"the extension {offered.name!r} of {group} ({offered.value})"
        if offered.name in own:
            _log.warning("%s is not used: hotfolder has a module of that name itself", where)
            continue
        try:
            module = offered.load()
        except Exception as error:  # whatever it is, it is somebody else's
            _log.warning("%s is not used: it cannot be imported (%s)", where, error)
            continue
        if isinstance(module, ModuleType):
            yield offered.name, module
        else:
            _log.warning("%s is not used: expected a module, got %s", where, type(module).__name__)
