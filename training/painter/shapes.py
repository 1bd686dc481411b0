"""What subjects are made of: flat shapes, each with the part of the subject that it shows.

A subject's own frame: base at y = 0, y upwards, height about 1.
"""

from dataclasses import dataclass, replace
from math import pi
from typing import Literal, get_args

import numpy as np

from .colour import RGB, mix

# What is lost first when a picture is compressed, and looked for first by who looks at it.
Part = Literal[
    "body",
    "window",
    "lamp room",
    "roof",
    "sail",
    "jib",
    "blade",
    "ear",
    "wing",
    "head",
    "petal",
    "funnel",
]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon, float (n, 2); `lit` shapes shine by themselves at night and at sunset."""

    points: np.ndarray
    colour: RGB
    lit: bool = False
    part: Part = "body"


def poly(colour: RGB, *points: tuple[float, float]) -> Shape:
    return Shape(np.array(points, dtype=float), colour)


def rect(colour: RGB, x0: float, y0: float, x1: float, y1: float, lit: bool = False) -> Shape:
    return Shape(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=float), colour, lit)


def oval(colour: RGB, x: float, y: float, rx: float, ry: float) -> Shape:
    angles = np.linspace(0, 2 * pi, 28, endpoint=False)
    return Shape(np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], -1), colour)


def as_part(part: Part, *shapes: Shape) -> list[Shape]:
    """Return the shapes, marked as a part of their subject."""
    return [replace(shape, part=part) for shape in shapes]


def shade(colour: RGB, share: float = 0.22) -> RGB:
    """Return the colour of a side that turns away from the light."""
    return mix(colour, (0.12, 0.1, 0.25), share)


def moved(shapes: list[Shape], x: float, y: float, scale: float) -> list[Shape]:
    """Return the shapes scaled about their base and moved."""
    return [replace(s, points=s.points * scale + np.array([x, y])) for s in shapes]
