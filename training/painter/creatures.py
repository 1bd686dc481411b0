"""Living subjects of the larger repertoire: cat, fox, bird, person, flowers; see `objects`."""

from math import cos, pi, sin

import numpy as np

from .colour import DARK, PAINTS, PINE, RGB, mix, rgb
from .scene import Scene
from .shapes import Shape, as_part, oval, poly, shade


def blob(colour: RGB, *points: tuple[float, float]) -> Shape:
    """Return a smooth closed outline through points (Catmull-Rom)."""
    p = np.array(points, dtype=float)
    before, after, beyond = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    pieces = [
        0.5
        * (
            2 * p
            + (after - before) * t
            + (2 * before - 5 * p + 4 * after - beyond) * t**2
            + (3 * p - before - 3 * after + beyond) * t**3
        )
        for t in np.linspace(0, 1, 6, endpoint=False)
    ]
    return Shape(np.stack(pieces, 1).reshape(-1, 2), colour)


def cat(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    """A sitting cat that looks at the viewer, its tail beside it."""
    fur = PAINTS[colour or "black"]
    eye = rgb("#f2d34a") if colour != "yellow" else PAINTS["green"]
    x = 0.0
    tail = [(0.2, 0.02), (0.46, 0.02), (0.58, 0.2), (0.54, 0.42), (0.46, 0.44), (0.48, 0.24)]
    return [
        blob(shade(fur, 0.12), *tail, (0.38, 0.12), (0.2, 0.14)),
        blob(
            fur, (-0.3, 0), (0.3, 0), (0.3, 0.22), (0.2, 0.5), (0, 0.6), (-0.2, 0.5), (-0.3, 0.22)
        ),
        oval(mix(fur, PAINTS["white"], 0.35), x, 0.22, 0.11, 0.2),
        *as_part("ear", poly(fur, (-0.26, 0.72), (-0.22, 1.0), (-0.05, 0.86))),
        *as_part("ear", poly(fur, (0.26, 0.72), (0.22, 1.0), (0.05, 0.86))),
        oval(fur, x, 0.7, 0.27, 0.21),
        oval(eye, -0.1, 0.72, 0.05, 0.055),
        oval(eye, 0.1, 0.72, 0.05, 0.055),
        oval(DARK, -0.1, 0.72, 0.018, 0.05),
        oval(DARK, 0.1, 0.72, 0.018, 0.05),
        poly(rgb("#e58b8b"), (-0.03, 0.65), (0.03, 0.65), (0, 0.615)),
    ]


def fox(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    """A sitting fox seen from the side, its brush on the ground."""
    fur, white = mix(rgb("#d9692a"), rgb("#b9502a"), rng.uniform(0, 0.6)), PAINTS["white"]
    brush = [(-0.1, 0.02), (-0.5, 0.0), (-0.78, 0.12), (-0.8, 0.3), (-0.6, 0.34), (-0.3, 0.2)]
    back = [(0.2, 0), (0.22, 0.3), (0.18, 0.58), (0.02, 0.66), (-0.16, 0.5), (-0.3, 0.24)]
    return [
        blob(shade(fur, 0.1), *brush),
        blob(white, (-0.66, 0.08), (-0.8, 0.14), (-0.8, 0.3), (-0.66, 0.31)),
        blob(fur, *back, (-0.26, 0)),
        blob(white, (0.12, 0.14), (0.21, 0.3), (0.2, 0.54), (0.1, 0.5)),
        poly(shade(fur, 0.5), (0.08, 0), (0.24, 0), (0.22, 0.12), (0.12, 0.12)),
        *as_part("ear", poly(fur, (-0.06, 0.76), (-0.04, 1.0), (0.09, 0.84))),
        *as_part("ear", poly(shade(fur), (0.07, 0.8), (0.14, 1.0), (0.2, 0.8))),
        blob(
            fur, (-0.08, 0.66), (-0.06, 0.8), (0.1, 0.86), (0.22, 0.78), (0.44, 0.64), (0.2, 0.58)
        ),
        poly(white, (0.0, 0.62), (0.2, 0.66), (0.42, 0.635), (0.2, 0.58)),
        oval(DARK, 0.43, 0.642, 0.03, 0.026),
        oval(DARK, 0.17, 0.74, 0.026, 0.03),
    ]


def bird(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    """A bird in flight, its wings raised."""
    feathers = PAINTS[colour or "white"]
    lift = rng.uniform(-0.12, 0.12)
    return [
        blob(
            shade(feathers, 0.28),
            (0.02, 0.4),
            (0.2, 0.8 + lift),
            (0.62, 1.0 + lift),
            (0.4, 0.7),
            (0.22, 0.38),
        ),
        blob(
            feathers, (-0.5, 0.34), (-0.2, 0.46), (0.2, 0.46), (0.4, 0.4), (0.2, 0.27), (-0.2, 0.27)
        ),
        poly(feathers, (-0.44, 0.36), (-0.74, 0.42), (-0.7, 0.26)),
        *as_part(
            "wing",
            blob(
                mix(feathers, (1, 1, 1), 0.15),
                (0.14, 0.42),
                (-0.02, 0.8 - lift),
                (-0.42, 1.0 - lift),
                (-0.3, 0.68),
                (-0.16, 0.36),
            ),
        ),
        oval(feathers, 0.42, 0.43, 0.12, 0.11),
        poly(rgb("#f0a030"), (0.52, 0.47), (0.7, 0.41), (0.52, 0.39)),
        oval(DARK, 0.45, 0.46, 0.022, 0.024),
    ]


def person(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    """Somebody who stands there in a long coat, as a silhouette."""
    dark = mix(DARK, rgb("#2a2138"), rng.uniform(0, 1))
    step = rng.uniform(0.03, 0.07)
    shapes = [
        poly(dark, (-0.02 - step, 0), (0.03 - step, 0), (0.02, 0.4), (-0.07, 0.4)),
        poly(dark, (0.0 + step, 0), (0.06 + step, 0), (0.08, 0.4), (-0.01, 0.4)),
        blob(dark, (-0.13, 0.3), (0.13, 0.3), (0.1, 0.62), (0.11, 0.79), (0, 0.83), (-0.11, 0.79)),
        poly(dark, (-0.11, 0.78), (-0.17, 0.46), (-0.12, 0.44), (-0.06, 0.74)),
        poly(dark, (0.11, 0.78), (0.17, 0.46), (0.12, 0.44), (0.06, 0.74)),
        *as_part("head", oval(dark, 0, 0.91, 0.068, 0.085)),
    ]
    if rng.random() < 0.5:
        shapes.append(poly(dark, (-0.13, 0.935), (0.13, 0.935), (0.06, 1.0), (-0.06, 1.0)))
    return shapes


def flowers(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    """Five flowers, close by."""
    petal, stem = PAINTS[colour or "red"], mix(PINE, rgb("#5f9e45"), 0.5)
    shapes = []
    places = ((-0.42, 0.68), (0.44, 0.62), (-0.2, 0.9), (0.24, 0.84), (0.02, 0.62))
    for x, y in places:
        foot = 0.45 * x
        shapes.append(
            poly(stem, (foot - 0.016, 0), (foot + 0.016, 0), (x + 0.014, y), (x - 0.014, y))
        )
        leaf = np.array([(0, 0.08), (0.13, 0.3), (0.05, 0.34), (-0.02, 0.2)])
        leaf[:, 0] *= 1 if x > 0 else -1
        shapes.append(Shape(leaf + np.array([foot, 0.02]), shade(stem, 0.15)))
    for x, y in places:
        turn = rng.uniform(0, pi)
        for k in range(6):
            angle = turn + k * pi / 3
            shapes += as_part(
                "petal", oval(petal, x + 0.085 * cos(angle), y + 0.085 * sin(angle), 0.066, 0.066)
            )
        shapes.append(oval(PAINTS["yellow"] if colour != "yellow" else DARK, x, y, 0.055, 0.055))
    return shapes
