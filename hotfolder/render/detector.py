"""Where things are by a detector of the owner's: an ONNX file, of the kind that YOLO exports.

It takes one picture, (1, 3, height, width), 0..1, and gives (1, 4 + classes, boxes): the middle and
the sides of each box in px, and how sure it is of each class. Its metadata has their names.
onnxruntime is an extra (`hotfolder setup detect`).
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.installation import remedy
from hotfolder.render.outlines import Array, outline

_SURE = 0.35
_SIDE_PX = 640  # where the file takes any


class Detector:
    """A detector that is in memory, and the `names` of what it knows, in small letters.

    Raises ModelMissingError where the file is not there, RenderError where it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelMissingError(f"there is no detector {path}; correct model.detector")
        try:
            import onnxruntime
        except ImportError as error:
            says = f"the detector {path.name} needs onnxruntime, which is not here ({error})"
            raise RenderError(f"{says}; type  {remedy('detect')}") from error
        wrong = f"{path.name} is no detector that can be used"
        try:
            self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            told = self._session.get_modelmeta().custom_metadata_map.get("names", "{}")
            named = ast.literal_eval(told)
            names = {str(name).casefold(): int(number) for number, name in named.items()}
            (taken,) = self._session.get_inputs()
        except Exception as error:  # onnxruntime raises many kinds for what it does not know
            raise RenderError(f"{wrong}: {error}") from error
        if not names:
            raise RenderError(f"{wrong}: its metadata does not name what it knows")
        self.names = names
        self._input, self._wrong = taken.name, wrong
        rows, columns = (side if isinstance(side, int) else _SIDE_PX for side in taken.shape[2:])
        self._size = columns, rows

    def mask(self, word: str, picture: Image.Image) -> Array | None:
        """The mask, bool, (height, width), of all that has this name; None where nothing has."""
        width, height = self._size
        small = picture.convert("RGB").resize(self._size, Image.Resampling.BILINEAR)
        pixels = np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 255
        try:
            said = np.asarray(self._session.run(None, {self._input: pixels})[0])[0]
            sure = said[4 + self.names[word.casefold()]]
            boxes = said[:4, sure > _SURE]
        except Exception as error:
            raise RenderError(f"{self._wrong}: {error}") from error
        if not boxes.size:
            return None
        return outline(_map(boxes, height, width), picture)


def _map(boxes: Any, height: int, width: int) -> Array:
    """Where boxes are: highest in their middles, and 0 beyond the ellipses that they hold."""
    y, x = np.mgrid[0:height, 0:width]
    total = np.zeros((height, width))
    for middle_x, middle_y, w, h in boxes.T:
        away = ((x - middle_x) / max(w / 2, 1)) ** 2 + ((y - middle_y) / max(h / 2, 1)) ** 2
        total = np.maximum(total, np.clip(1.1 - 0.75 * away, 0, 1))
    return total
