"""Enlargement by the owner's upscalers: safetensors files that spandrel reads, in tiles.

spandrel is an extra (`upscale`): it needs torchvision, which is as large as it is rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from hotfolder import shelves
from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.installation import remedy
from hotfolder.recipes.model import Model
from hotfolder.render.models import fingerprint

TILE_PX = 512
_RIM_PX = 32  # of a tile's surroundings, which are computed and cut off


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A network that makes pictures `scale` times as large, and the SHA-256 of its file."""

    network: Any
    scale: int
    sha256: str


class Upscalers:
    """The upscalers in memory, of those that lie in the folders of the owner's models."""

    def __init__(self, models: Mapping[str, Model], base: Path | None, device: str) -> None:
        folders = {folder: None for model in models.values() for folder in model.upscaler_folders}
        self._folders = [(base or Path()) / Path(folder).expanduser() for folder in folders]
        self._device = device
        self._loaded: dict[str, Upscaler] = {}

    def enlarged(self, name: str, image: Image.Image) -> tuple[Image.Image, str]:
        """The larger picture, and the SHA-256 of what enlarged it; raises RenderError."""
        if name not in self._loaded:
            self._loaded[name] = load(name, self._folders, self._device)
        used = self._loaded[name]
        return enlarge(used, image, self._device), used.sha256

    def clear(self) -> None:
        """Free their memory."""
        self._loaded.clear()


def load(name: str, folders: Iterable[Path], device: str) -> Upscaler:
    """The upscaler of this name from the owner's folders.

    Raises ModelMissingError where there is none, and RenderError where it cannot be used.
    """
    path = shelves.find(folders, name)
    if path is None:
        raise ModelMissingError(
            f"there is no upscaler {name!r}; list the folder that has it in hotfolder.toml, "
            "as in: upscalers = ['D:/upscalers']"
        )
    try:
        from spandrel import ImageModelDescriptor, ModelLoader
    except ImportError as error:
        says = f"the upscaler {name!r} needs spandrel, which is not installed ({error})"
        raise RenderError(f"{says}; type  {remedy('upscale')}") from error
    try:
        model = ModelLoader(device).load_from_file(path)
    except Exception as error:  # spandrel raises many kinds for what it does not know
        raise RenderError(f"{path.name} is not an upscaler that can be used: {error}") from error
    if not isinstance(model, ImageModelDescriptor) or model.input_channels != 3 or model.scale < 2:
        raise RenderError(f"{path.name} does not enlarge pictures")
    return Upscaler(model.model.eval().float(), model.scale, fingerprint.fingerprint(path))


@torch.no_grad()
def enlarge(upscaler: Upscaler, image: Image.Image, device: str) -> Image.Image:
    """The picture, RGB, with sides `scale` times as long; tile by tile, so that any size fits."""
    scale = upscaler.scale
    pixels = np.asarray(image.convert("RGB"))
    larger = np.empty((image.height * scale, image.width * scale, 3), np.uint8)
    for top in range(0, image.height, TILE_PX):
        for left in range(0, image.width, TILE_PX):
            low, right = min(top + TILE_PX, image.height), min(left + TILE_PX, image.width)
            y, x = max(0, top - _RIM_PX), max(0, left - _RIM_PX)
            tile = pixels[y : low + _RIM_PX, x : right + _RIM_PX]
            made = _tile(upscaler, tile, device)
            inside = made[(top - y) * scale :, (left - x) * scale :]
            height, width = (low - top) * scale, (right - left) * scale
            larger[top * scale : low * scale, left * scale : right * scale] = inside[
                :height, :width
            ]
    return Image.fromarray(larger)


def _tile(upscaler: Upscaler, tile: Any, device: str) -> Any:
    given = torch.from_numpy(tile.astype(np.float32) / 255).permute(2, 0, 1)[None].to(device)
    made = upscaler.network(given.contiguous())[0].clamp(0, 1).permute(1, 2, 0).cpu()
    return (made.numpy() * 255).round().astype(np.uint8)
