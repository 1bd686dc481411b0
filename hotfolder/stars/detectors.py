"""All detectors of this package, asked together."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache

from hotfolder import stars
from hotfolder.images.carried import Carried

Detector = Callable[[Carried], int | None]


def rating(carried: Carried) -> int | None:
    """What the picture's marks say together; None without a mark."""
    return together(ratings(carried))


def together(found: Mapping[str, int]) -> int | None:
    """One rating of several: -1 if any rejects, else the most stars, None of none."""
    marks = found.values()
    return stars.REJECTED if stars.REJECTED in marks else max(marks, default=None)


def ratings(carried: Carried) -> dict[str, int]:
    """The rating of each detector that finds one, by the detector's name."""
    asked = {name: detector(carried) for name, detector in _detectors().items()}
    return {name: found for name, found in asked.items() if found is not None}


@cache
def _detectors() -> Mapping[str, Detector]:
    modules = {
        module.name: importlib.import_module(f"{stars.__name__}.{module.name}")
        for module in pkgutil.iter_modules(stars.__path__)
        if f"{stars.__name__}.{module.name}" != __name__
    }
    return {name: module.rating for name, module in modules.items() if hasattr(module, "rating")}
