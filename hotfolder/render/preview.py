"""What a picture in the making looks like: its latents through a linear map, which costs nothing.

The map is fitted by least squares to the first picture that a model finishes, so no table of maps
for each family is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

_LONGEST_PX = 96
_LIGHT = 1e-3  # keeps channels that say nothing of colour from growing


@dataclass(slots=True)
class Preview:
    """How one model's latents become colours; nothing until `learn` has seen a picture."""

    weights: np.ndarray[Any, Any] | None = None

    def learn(self, latents: torch.Tensor, image: Image.Image) -> None:
        """Fit the map to a finished picture; `latents` are (pictures, channels, height, width).

        `image` is the first of them. Latents of another form (packed ones) teach nothing.
        """
        if self.weights is not None or latents.ndim != 4 or latents.shape[1] > 64:
            return
        height, width = latents.shape[2:]
        shown = image.convert("RGB").resize((width, height), Image.Resampling.BOX)
        colours = np.asarray(shown, np.float64).reshape(-1, 3) / 255
        rows = _rows(latents)
        square = rows.T @ rows + _LIGHT * len(rows) * np.eye(rows.shape[1])
        self.weights = np.linalg.solve(square, rows.T @ colours)

    def shown(self, latents: torch.Tensor) -> Image.Image | None:
        """The first picture of a batch as far as it is: RGB, at most 96 px long.

        None before a map was learned, and for latents of another form.
        """
        if self.weights is None or latents.ndim != 4 or latents.shape[1] + 1 != len(self.weights):
            return None
        height, width = latents.shape[2:]
        colours = (_rows(latents) @ self.weights).clip(0, 1).reshape(height, width, 3)
        image = Image.fromarray((colours * 255).round().astype(np.uint8))
        image.thumbnail((_LONGEST_PX, _LONGEST_PX))
        return image


def _rows(latents: torch.Tensor) -> np.ndarray[Any, Any]:
    """One row for each place of the first picture: its channels, and a one."""
    first = latents[0].detach().to("cpu", torch.float64).flatten(1).T.numpy()
    return np.hstack([first, np.ones((len(first), 1))])
