"""What another model sees in a draft: a kind of feature, where an owner names one in a profile.

It is a folder in transformers' format (CLIP, SigLIP, DINOv2): `config.json`, `model.safetensors`
and `preprocessor_config.json`. Nothing is fetched, and no code of the folder's is run.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from hotfolder import checksum
from hotfolder.render.activations import MOST, projected
from hotfolder.taste.features import pack

_log = logging.getLogger(__name__)
VERSION = 1
_WEIGHTS = "model.safetensors"


class Eyes:
    """The owner's eyes, each read once; one that cannot be used is told once, and sees nothing."""

    def __init__(self, base: Path | None) -> None:
        self._base = base or Path()
        self._eyes: dict[str, _Eye | None] = {}

    def features(self, name: str, image: Image.Image) -> dict[str, bytes]:
        """What the eye of this name sees in an RGB picture, packed, by kind; "" is no eye."""
        if not name:
            return {}
        try:
            if name not in self._eyes:
                self._eyes[name] = None
                self._eyes[name] = _Eye(self._base / Path(name).expanduser())
            eye = self._eyes[name]
            return {eye.kind: pack(eye.seen(image))} if eye else {}
        except Exception as error:  # libraries raise many kinds for what they do not know
            self._eyes[name] = None
            _log.warning(
                "%s is not a vision model that can be used (%s), so taste does without it; "
                "expected a folder of "
                "transformers' with %s (CLIP, SigLIP, DINOv2): correct model.eye",
                *(name, error, _WEIGHTS),
            )
            return {}

    def clear(self) -> None:
        """Free the memory."""
        self._eyes.clear()


class _Eye:
    def __init__(self, folder: Path) -> None:
        from transformers import AutoImageProcessor, AutoModel

        given = {"local_files_only": True, "trust_remote_code": False}
        sha256 = checksum.sha256(folder / _WEIGHTS)
        self._processor = AutoImageProcessor.from_pretrained(folder, **given)
        self._model = AutoModel.from_pretrained(folder, use_safetensors=True, **given).eval()
        self.kind = f"eye.{self._model.config.model_type} {VERSION} {sha256[:8]}"

    @torch.no_grad()
    def seen(self, image: Image.Image) -> np.ndarray[Any, np.dtype[Any]]:
        """At most `MOST` numbers, whose mean square is 1."""
        given = self._processor(images=image, return_tensors="pt")
        look = getattr(self._model, "get_image_features", self._model)
        said = look(**given)
        found = said if isinstance(said, torch.Tensor) else said.pooler_output
        numbers = projected(found[0].float().numpy()[:, None], MOST)[:, 0]
        return numbers / max(float(np.sqrt((numbers**2).mean())), 1e-9)
