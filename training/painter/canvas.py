"""A supersampled canvas in units of the picture: 1.0 is the square root of its area."""

from math import sqrt

import numpy as np
from PIL import Image, ImageDraw

from .colour import RGB

SUPERSAMPLING = 2


class Canvas:
    """Draws polygons at twice the size; `finish` returns the antialiased picture.

    `width` and `height` are in units (their product is 1), x to the right and y downwards.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self.size_px = (width_px * SUPERSAMPLING, height_px * SUPERSAMPLING)
        self.unit_px = sqrt(self.size_px[0] * self.size_px[1])
        self.width = self.size_px[0] / self.unit_px
        self.height = self.size_px[1] / self.unit_px
        self.image = Image.new("RGB", self.size_px)
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        self.labels = Image.new("L", self.size_px)
        self.label_pen = ImageDraw.Draw(self.labels)

    def polygon(
        self, points: np.ndarray, colour: RGB, alpha: float = 1.0, label: int | None = None
    ) -> None:
        """Fill the polygon `points`, float (n, 2) in units; `label` says what of it can be seen."""
        fill = (*tuple(round(255 * c) for c in colour), round(255 * alpha))
        corners = (points * self.unit_px).ravel().tolist()
        self.pen.polygon(corners, fill=fill)
        if label is not None:
            self.label_pen.polygon(corners, fill=label)

    def disc(self, x: float, y: float, radius: float, colour: RGB, alpha: float = 1.0) -> None:
        """Fill a circle."""
        fill = (*tuple(round(255 * c) for c in colour), round(255 * alpha))
        box = [v * self.unit_px for v in (x - radius, y - radius, x + radius, y + radius)]
        self.pen.ellipse(box, fill=fill)

    def gradient(self, top: float, bottom: float, colours: list[RGB]) -> None:
        """Fill the whole width between two heights with a vertical gradient through `colours`."""
        first = max(0, round(top * self.unit_px))
        last = min(self.size_px[1], round(bottom * self.unit_px))
        if last <= first:
            return
        rows = np.linspace(0, len(colours) - 1, last - first)
        stops = np.arange(len(colours))
        column = np.stack([np.interp(rows, stops, [c[i] for c in colours]) for i in range(3)], -1)
        strip = Image.fromarray((column[:, None] * 255 + 0.5).astype(np.uint8))
        self.image.paste(strip.resize((self.size_px[0], last - first), Image.NEAREST), (0, first))

    def glow(self, x: float, y: float, radius: float, colour: RGB, strength: float) -> None:
        """Lighten the picture around a point, fading to nothing at `radius`."""
        side = 48
        yy, xx = np.mgrid[0:side, 0:side]
        distance = np.hypot(xx - (side - 1) / 2, yy - (side - 1) / 2) / ((side - 1) / 2)
        mask = strength * np.clip(1 - distance, 0, 1) ** 2
        size = round(2 * radius * self.unit_px)
        mask_image = Image.fromarray((255 * mask).astype(np.uint8)).resize(
            (size, size), Image.BILINEAR
        )
        corner = (round((x - radius) * self.unit_px), round((y - radius) * self.unit_px))
        self.image.paste(
            tuple(round(255 * c) for c in colour),
            (*corner, corner[0] + size, corner[1] + size),
            mask_image,
        )

    def finish(self) -> np.ndarray:
        """Return the picture: uint8, (height, width, 3), sRGB."""
        return np.asarray(self.image.reduce(SUPERSAMPLING))

    def finish_labels(self) -> np.ndarray:
        """Return the label that is seen at each pixel: uint8, (height, width), 0 where none is."""
        return np.asarray(self.labels)[::SUPERSAMPLING, ::SUPERSAMPLING].copy()
