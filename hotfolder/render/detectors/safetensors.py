"""The weights of a detector of transformers' (DETR, YOLOS, RT-DETR, D-FINE): `model.safetensors`.

Its folder has `config.json`, which names what it knows, and `preprocessor_config.json`, as
`save_pretrained` leaves them. Nothing is fetched, and no code of the folder's is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.render.detector import SURE, Sees
from hotfolder.render.outlines import Array

SUFFIXES = (".safetensors",)
_BESIDE = ("config.json", "preprocessor_config.json")


def read(path: Path) -> Sees:
    """What the file at `path` sees. Raises RenderError, and other errors for what is none."""
    lacking = [name for name in _BESIDE if not (path.parent / name).is_file()]
    if lacking or path.name != "model.safetensors":
        raise RenderError(
            f"{path.name} contains only weights, which do not say what they detect: "
            "expected a folder of "
            f"transformers' with model.safetensors, {' and '.join(_BESIDE)}"
            + (f" (there is no {' and no '.join(lacking)})" if lacking else "")
            + "; for other detectors, name an ONNX file"
        )
    from transformers import AutoImageProcessor, AutoModelForObjectDetection

    given = {"local_files_only": True, "trust_remote_code": False}
    model = AutoModelForObjectDetection.from_pretrained(path.parent, use_safetensors=True, **given)
    return _Detr(model.eval(), AutoImageProcessor.from_pretrained(path.parent, **given))


class _Detr:
    def __init__(self, model: Any, processor: Any) -> None:
        self.names: Mapping[str, int] = {
            str(name).casefold(): int(number) for number, name in model.config.id2label.items()
        }
        self._model, self._processor = model, processor

    @torch.no_grad()
    def boxes(self, word: str, picture: Image.Image) -> Array:
        said = self._model(**self._processor(images=picture, return_tensors="pt"))
        (found,) = self._processor.post_process_object_detection(said, threshold=SURE)
        return np.asarray(found["boxes"][found["labels"] == self.names[word]].float())
