"""An ONNX file of the kind that YOLO exports.

It takes one picture, (1, 3, height, width), 0..1, and gives (1, 4 + classes, boxes): the middle and
the sides of each box in px, and how sure it is of each class. Its metadata has their names.
onnxruntime is an extra (`hotfolder setup detect`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.installation import remedy
from hotfolder.render.detector import SURE, Sees
from hotfolder.render.outlines import Array

SUFFIXES = (".onnx",)
_SIDE_PX = 640  # where the file takes any


def read(path: Path) -> Sees:
    """What the file at `path` sees. Raises RenderError, and other errors for what is none."""
    try:
        import onnxruntime
    except ImportError as error:
        says = f"the detector {path.name} needs onnxruntime, which is not installed ({error})"
        raise RenderError(f"{says}; type  {remedy('detect')}") from error
    return _Onnx(onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]))


class _Onnx:
    def __init__(self, session: Any) -> None:
        named = ast.literal_eval(session.get_modelmeta().custom_metadata_map.get("names", "{}"))
        self.names: Mapping[str, int] = {
            str(name).casefold(): int(number) for number, name in named.items()
        }
        (taken,) = session.get_inputs()
        rows, columns = (side if isinstance(side, int) else _SIDE_PX for side in taken.shape[2:])
        self._session, self._input, self._size = session, taken.name, (columns, rows)

    def boxes(self, word: str, picture: Image.Image) -> Array:
        small = picture.resize(self._size, Image.Resampling.BILINEAR)
        pixels = np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 255
        said = np.asarray(self._session.run(None, {self._input: pixels})[0])[0]
        x, y, width, height = said[:4, said[4 + self.names[word]] > SURE]
        columns, rows = self._size
        sides = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        return np.stack(sides, 1) / (columns, rows, columns, rows)
