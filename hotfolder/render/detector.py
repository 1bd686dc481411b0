"""Where things are by a detector of the owner's: a file of one of the kinds in `detectors/`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.modules import modules_of
from hotfolder.render.outlines import Array, outline

if TYPE_CHECKING:
    from PIL.Image import Image

SURE = 0.35
"""So sure a detector has to be of what it sees."""

_CELLS = 160  # of a map's longer side


class Sees(Protocol):
    """What a detector's file knows: `names`, in small letters, with their numbers."""

    names: Mapping[str, int]

    def boxes(self, word: str, picture: Image) -> Array:
        """Where an RGB picture shows one of `names`: (n, 4), left, top, right, bottom, 0 to 1."""


class Detector:
    """A detector that is in memory, and the `names` of what it knows, in small letters.

    Raises ModelMissingError where the file is not there, RenderError where it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelMissingError(f"there is no detector {path}; correct model.detector")
        self._wrong = f"{path.name} is not a detector that can be used"
        kind = _kinds().get(path.suffix.casefold())
        if kind is None:
            raise RenderError(f"{self._wrong}: expected a file of {' or '.join(sorted(_kinds()))}")
        try:
            self._sees: Sees = kind.read(path)
        except RenderError:
            raise
        except Exception as error:  # libraries raise many kinds for what they do not know
            raise RenderError(f"{self._wrong}: {error}") from error
        self.names = self._sees.names
        if not self.names:
            raise RenderError(f"{self._wrong}: its metadata does not name what it knows")

    def mask(self, word: str, picture: Image) -> Array | None:
        """The mask, bool, (height, width), of all that has this name; None where nothing has."""
        picture = picture.convert("RGB")
        try:
            boxes = self._sees.boxes(word.casefold(), picture)
        except Exception as error:
            raise RenderError(f"{self._wrong}: {error}") from error
        if not len(boxes):
            return None
        scale = _CELLS / max(picture.size)
        rows, columns = (round(side * scale) or 1 for side in (picture.height, picture.width))
        return outline(_map(boxes, rows, columns), picture)


def _map(boxes: Array, rows: int, columns: int) -> Array:
    """Where boxes are: highest in their middles, and 0 beyond the ellipses that they hold."""
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    total = np.zeros((rows, columns))
    for left, top, right, bottom in boxes * (columns, rows, columns, rows):
        across = (x - (left + right) / 2) / max((right - left) / 2, 1)
        down = (y - (top + bottom) / 2) / max((bottom - top) / 2, 1)
        total = np.maximum(total, np.clip(1.1 - 0.75 * (across**2 + down**2), 0, 1))
    return total


@cache
def _kinds() -> Mapping[str, ModuleType]:
    """The kinds of files, by their suffixes."""
    from hotfolder.render import detectors

    found = modules_of(detectors, group="hotfolder.detectors").values()
    return {suffix: kind for kind in found for suffix in kind.SUFFIXES}
