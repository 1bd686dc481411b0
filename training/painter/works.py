"""Large works of the larger repertoire: ship, bridge, train, city; see `objects`."""

from math import pi

import numpy as np

from .colour import DARK, LAMP, PAINTS, RGB, STONE, mix, rgb
from .scene import Scene
from .shapes import Shape, as_part, oval, poly, rect, shade


def ship(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    """A steamer with two funnels."""
    paint, white = PAINTS[colour or "red"], PAINTS["white"]
    hull = (rgb("#34496e"), rgb("#3c3f52"), rgb("#8a3b35"))[rng.integers(3)]
    shapes = [rect(DARK, -0.5, 0.5, -0.485, 0.86), rect(DARK, 0.56, 0.3, 0.572, 0.72)]
    for x in (-0.24, 0.14):
        shapes += as_part("funnel", rect(paint, x - 0.07, 0.6, x + 0.07, 0.96))
        shapes.append(rect(DARK, x - 0.07, 0.92, x + 0.07, 1.0))
        shapes.append(rect(shade(paint), x + 0.03, 0.6, x + 0.07, 0.92))
    shapes += [
        rect(white, -0.56, 0.44, 0.36, 0.62),
        rect(shade(white, 0.1), -0.7, 0.3, 0.52, 0.46),
        poly(hull, (-0.92, 0.32), (1.02, 0.36), (0.8, -0.04), (-0.78, -0.04)),
        poly(rgb("#a8473f"), (-0.8, 0.03), (0.84, 0.03), (0.8, -0.04), (-0.78, -0.04)),
    ]
    for x in np.arange(-0.48, 0.3, 0.17):
        shapes += as_part("window", rect(LAMP, x, 0.49, x + 0.085, 0.57, lit=True))
    for x in np.arange(-0.6, 0.46, 0.21):
        shapes += as_part("window", rect(LAMP, x, 0.35, x + 0.075, 0.42, lit=True))
    return shapes


def bridge(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    """A stone bridge of three arches."""
    stone = mix(STONE, rgb("#a89078"), rng.uniform(0, 0.7))

    def span(middle: float, half: float, rise: float) -> list[tuple[float, float]]:
        angles = np.linspace(pi, 0, 16)
        return [(middle + half * np.cos(a), max(0.0, rise * np.sin(a))) for a in angles]

    deck = np.linspace(1.5, -1.5, 25)
    top = [(x, 0.72 + 0.28 * (1 - (x / 1.5) ** 2)) for x in deck]
    foot = [(-1.5, 0.0), *span(-0.92, 0.36, 0.5), *span(0, 0.44, 0.68), *span(0.92, 0.36, 0.5)]
    outline = [*foot, (1.5, 0.0), *top]
    rail = [(x, y + 0.02) for x, y in top] + [(x, y - 0.09) for x, y in reversed(top)]
    piers = [rect(shade(stone, 0.14), x - 0.07, 0, x + 0.07, 0.34) for x in (-0.5, 0.5)]
    return [poly(stone, *outline), poly(shade(stone, 0.25), *rail), *piers]


def train(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    """A steam locomotive with two carriages, on an embankment."""
    paint = PAINTS[colour or "green"]
    shapes = [rect(shade(rgb("#7a6a5a"), 0.1), -2.6, -0.04, 2.1, 0.06)]
    for x in (-2.5, -1.36):
        shapes += [
            rect(paint, x, 0.22, x + 1.04, 0.82),
            rect(shade(paint, 0.35), x - 0.03, 0.78, x + 1.07, 0.88),
        ]
        for k in range(3):
            left = x + 0.1 + 0.32 * k
            shapes += as_part("window", rect(LAMP, left, 0.46, left + 0.2, 0.7, lit=True))
        shapes += [wheel(x + dx, 0.14, 0.1) for dx in (0.22, 0.82)]
    shapes += [
        rect(paint, -0.2, 0.22, 0.3, 1.0),
        rect(DARK, -0.26, 0.96, 0.36, 1.05),
        *as_part("window", rect(LAMP, -0.08, 0.66, 0.18, 0.88, lit=True)),
        rect(shade(paint, 0.1), 0.3, 0.3, 1.5, 0.74),
        oval(shade(paint, 0.1), 1.5, 0.52, 0.1, 0.22),
        rect(DARK, 0.2, 0.2, 1.6, 0.31),
        *as_part("funnel", poly(DARK, (1.14, 0.72), (1.3, 0.72), (1.36, 1.1), (1.08, 1.1))),
        oval(rgb("#c9a24a"), 0.74, 0.76, 0.12, 0.1),
        poly(DARK, (1.55, 0.24), (1.85, 0.06), (1.55, 0.06)),
        *[wheel(x, 0.18, 0.16) for x in (0.38, 0.78, 1.18)],
    ]
    smoke = mix(PAINTS["white"], rgb("#9aa0ac"), 0.3)
    for k in range(4):
        shapes.append(
            oval(smoke, 1.1 - 0.36 * k, 1.28 + 0.09 * k, 0.15 + 0.05 * k, 0.12 + 0.035 * k)
        )
    return shapes


def wheel(x: float, y: float, radius: float) -> Shape:
    return oval(DARK, x, y, radius, radius)


def city(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    """A skyline of nine houses, the tallest in the middle."""
    tones: tuple[RGB, ...] = (rgb("#6d7a96"), rgb("#8a8fa8"), rgb("#59637f"), rgb("#9a8f9f"))
    shapes = []
    heights = (0.3, 0.46, 0.62, 0.5, 1.0, 0.58, 0.76, 0.42, 0.34)
    order = sorted(range(9), key=lambda k: -heights[k])
    for k in order:
        x, top = -1.0 + 0.222 * k, heights[k] * rng.uniform(0.88, 1.0)
        tone = tones[int(rng.integers(4))]
        shapes += [
            rect(tone, x, 0, x + 0.25, top),
            rect(shade(tone, 0.2), x + 0.17, 0, x + 0.25, top),
        ]
        if heights[k] > 0.7:
            shapes.append(poly(tone, (x + 0.02, top), (x + 0.23, top), (x + 0.125, top + 0.12)))
        for y in np.arange(0.1, top - 0.1, 0.135):
            if rng.random() < 0.75:
                shapes += as_part(
                    "window", rect(LAMP, x + 0.045, y, x + 0.135, y + 0.065, lit=True)
                )
    return shapes
