"""Where a picture has which colour."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hotfolder.images.composition import canvas
from hotfolder.images.measures import colours


def test_a_mirrored_picture_has_its_cells_mirrored() -> None:
    """Cells go from the top left to the right, then down."""
    image = Image.linear_gradient("L").rotate(90).resize((80, 64)).convert("RGB")
    grid = colours.measure(canvas.of(image)).reshape(8, 8, 3)
    turned = colours.measure(canvas.of(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert np.allclose(turned.reshape(8, 8, 3), grid[:, ::-1], atol=0.02)
    assert not np.allclose(grid[0, 0], grid[0, 7], atol=0.2)
