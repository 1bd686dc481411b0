"""Other views of the same picture, with its sides: mirrored, a little cropped; and a small one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image


def mirrored(image: Image.Image) -> Image.Image:
    """Left and right changed over."""
    from PIL import ImageOps

    return ImageOps.mirror(image)


def cropped(image: Image.Image, share: float, place: int) -> Image.Image:
    """So much of each side, enlarged to the picture's own; `place` is a number that says where."""
    from PIL import Image

    width, height = (round(side * share) for side in image.size)
    left = place % (image.width - width + 1)
    top = place // (image.width - width + 1) % (image.height - height + 1)
    box = (left, top, left + width, top + height)
    return image.resize(image.size, Image.Resampling.LANCZOS, box)


def grey(image: Image.Image, side: int) -> NDArray[np.float64]:
    """How bright it is, 0 to 255, in `side` x `side` cells: float64."""
    import numpy as np
    from PIL import Image

    return np.asarray(image.convert("L").resize((side, side), Image.Resampling.BOX), np.float64)


def signed(image: Image.Image) -> NDArray[np.float32]:
    """RGB from -1 to 1: float32, (3, height, width)."""
    import numpy as np

    values = np.array(image.convert("RGB"), dtype=np.float32) / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1))
