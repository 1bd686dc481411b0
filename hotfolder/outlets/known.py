"""All outlets by their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from hotfolder import outlets
from hotfolder.modules import modules_of
from hotfolder.outlets.outlet import Outlet


@cache
def known() -> Mapping[str, Outlet]:
    """The outlets of this package, and those that others install for it."""
    modules = modules_of(outlets).items()
    return {name: module.OUTLET for name, module in modules if hasattr(module, "OUTLET")}
