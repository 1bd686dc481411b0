"""The subjects, as flat shapes in their own frame (`shapes`), and how large they are."""

from dataclasses import replace
from math import cos, pi, sin

import numpy as np

from .colour import DARK, FOLIAGE, LAMP, PAINTS, PINE, RGB, ROOF, SNOW, STONE, WOOD, mix, rgb
from .creatures import bird, cat, flowers, fox, person
from .scene import Scene, Subject
from .shapes import Shape, as_part, moved, oval, poly, rect, shade
from .works import bridge, city, ship, train


def roof_colour(scene: Scene, colour: RGB) -> RGB:
    return SNOW if scene.season == "winter" else colour


def castle(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    wall = mix(STONE, rgb("#d9b8a8"), rng.uniform(0, 0.7))
    roof = roof_colour(scene, (ROOF, rgb("#4a5f96"), rgb("#7a4a86"))[rng.integers(3)])
    keep, side = rng.uniform(0.66, 0.74), rng.uniform(0.46, 0.54)
    shapes = []
    for x, top, half in ((-0.16, keep, 0.085), (0.17, keep - rng.uniform(0.04, 0.16), 0.075)):
        shapes += tower(x, half, top, shade(wall, 0.12), roof)
    shapes.append(rect(wall, -0.38, 0, 0.38, 0.36))
    shapes += [rect(wall, x, 0.36, x + 0.055, 0.41) for x in np.arange(-0.3, 0.28, 0.11)]
    shapes.append(rect(shade(wall, 0.15), 0.2, 0, 0.38, 0.36))
    for x in (-0.42, 0.42):
        shapes += tower(x, 0.1, side, wall, roof)
    shapes += [rect(DARK, -0.075, 0, 0.075, 0.14), oval(DARK, 0, 0.14, 0.075, 0.075)]
    return shapes


def tower(x: float, half: float, top: float, wall: RGB, roof: RGB) -> list[Shape]:
    left, right, tip = (x - half * 1.3, top), (x + half * 1.3, top), (x, top + half * 3)
    y0, y1 = top - half * 1.5, top - half * 0.5
    return [
        rect(wall, x - half, 0, x + half, top),
        rect(shade(wall, 0.18), x + half * 0.3, 0, x + half, top),
        *as_part("roof", poly(roof, left, right, tip)),
        *as_part("roof", poly(shade(roof), (x + half * 0.3, top), right, tip)),
        *as_part("window", rect(LAMP, x - half * 0.3, y0, x + half * 0.3, y1, lit=True)),
    ]


def lighthouse(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    paint, white = PAINTS[colour or "red"], PAINTS["white"]
    other = rgb("#d9d4cc") if colour == "white" else white
    low, high, top = 0.13, 0.085, 0.76
    edges = np.linspace(0, top, 6)
    half = np.interp(edges, (0, top), (low, high))
    shapes = []
    for i in range(5):
        band = paint if i % 2 == 0 else other
        y0, y1, a, b = edges[i], edges[i + 1], half[i], half[i + 1]
        shapes.append(poly(band, (-a, y0), (a, y0), (b, y1), (-b, y1)))
        shapes.append(poly(shade(band, 0.2), (a * 0.35, y0), (a, y0), (b, y1), (b * 0.35, y1)))
    cap = DARK if colour == "white" else paint
    return [
        *shapes,
        rect(DARK, -0.13, top, 0.13, top + 0.035),
        *as_part("lamp room", rect(LAMP, -0.07, top + 0.035, 0.07, top + 0.14, lit=True)),
        *as_part("roof", poly(cap, (-0.1, top + 0.14), (0.1, top + 0.14), (0, 1.0))),
        oval(DARK, 0, 0.06, 0.04, 0.06),
    ]


def windmill(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    wall = (rgb("#efe6d6"), rgb("#d8a88c"), rgb("#b9b4c4"))[rng.integers(3)]
    cap = roof_colour(scene, (ROOF, rgb("#5a6a8a"), WOOD)[rng.integers(3)])
    shapes = [
        poly(wall, (-0.2, 0), (0.2, 0), (0.12, 0.56), (-0.12, 0.56)),
        poly(shade(wall), (0.06, 0), (0.2, 0), (0.12, 0.56), (0.04, 0.56)),
        poly(cap, (-0.15, 0.55), (0.15, 0.55), (0.09, 0.68), (-0.09, 0.68)),
        rect(DARK, -0.055, 0, 0.055, 0.15),
        *as_part("window", rect(LAMP, -0.035, 0.27, 0.035, 0.35, lit=True)),
    ]
    sail, turn = mix(PAINTS["white"], WOOD, rng.uniform(0, 0.25)), rng.uniform(0.15, pi / 2 - 0.15)
    for k in range(4):
        shapes += windmill_sail(turn + k * pi / 2, sail)
    return [*shapes, oval(WOOD, 0, 0.6, 0.03, 0.03)]


def windmill_sail(angle: float, colour: RGB) -> list[Shape]:
    along, across = np.array([cos(angle), sin(angle)]), np.array([-sin(angle), cos(angle)])
    hub = np.array([0, 0.6])

    def at(r: float, s: float) -> tuple[float, float]:
        return tuple(hub + r * along + s * across)

    return [
        poly(WOOD, at(0, -0.014), at(0.42, -0.014), at(0.42, 0.014), at(0, 0.014)),
        *as_part(
            "blade", poly(colour, at(0.1, 0.008), at(0.41, 0.008), at(0.41, 0.1), at(0.1, 0.1))
        ),
    ]


def cottage(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    wall = {"red": rgb("#c8553d"), "blue": rgb("#6f94c8")}.get(
        colour or "", PAINTS[colour or "white"]
    )
    roof = (rgb("#5b4a5e"), rgb("#84503f"), rgb("#4c566e"))[rng.integers(3)]
    if colour in ("white", "yellow") and rng.random() < 0.6:
        roof = ROOF
    roof = roof_colour(scene, roof)
    return [
        rect(shade(ROOF), 0.3, 0.7, 0.42, 1.0),
        rect(wall, -0.6, 0, 0.6, 0.5),
        rect(shade(wall, 0.15), 0.28, 0, 0.6, 0.5),
        poly(roof, (-0.74, 0.48), (0.74, 0.48), (0.48, 0.9), (-0.48, 0.9)),
        rect(shade(WOOD), -0.1, 0, 0.1, 0.34),
        *as_part("window", rect(LAMP, -0.45, 0.16, -0.23, 0.36, lit=True)),
        *as_part("window", rect(LAMP, 0.23, 0.16, 0.45, 0.36, lit=True)),
    ]


def boat(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    sail = PAINTS[colour or "white"]
    hull = (WOOD, rgb("#34496e"), rgb("#8a3b35"))[rng.integers(3)]
    return [
        rect(DARK, -0.016, 0.1, 0.016, 1.0),
        *as_part("sail", poly(sail, (0.03, 0.2), (0.4, 0.2), (0.03, 0.97))),
        *as_part("jib", poly(shade(sail, 0.16), (-0.03, 0.22), (-0.03, 0.92), (-0.32, 0.22))),
        poly(hull, (-0.42, 0.14), (0.48, 0.14), (0.34, -0.02), (-0.3, -0.02)),
    ]


def tree(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    main, light, dark = FOLIAGE[scene.season]
    wood = WOOD if scene.season != "winter" else shade(WOOD)
    crown = [(0, 0.64, 0.34), (-0.22, 0.52, 0.22), (0.23, 0.54, 0.22), (0.03, 0.8, 0.2)]
    shapes = [
        poly(wood, (-0.07, 0), (0.07, 0), (0.04, 0.5), (-0.04, 0.5)),
        poly(wood, (0, 0.28), (0.04, 0.24), (0.2, 0.5), (0.16, 0.5)),
    ]
    shapes += [oval(dark, x + 0.04, y - 0.03, r, r * 0.9) for x, y, r in crown]
    shapes += [oval(main, x, y, r * 0.94, r * 0.84) for x, y, r in crown]
    x = rng.uniform(-0.16, -0.06)
    return [*shapes, oval(light, x, 0.72, 0.17, 0.13)]


def pine(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    green = mix(PINE, rgb("#1f4f4a"), rng.uniform(0, 0.6))
    shapes = [rect(shade(WOOD), -0.04, 0, 0.04, 0.16)]
    for y, half, rise in ((0.1, 0.27, 0.42), (0.34, 0.21, 0.38), (0.58, 0.15, 0.42)):
        shapes.append(poly(green, (-half, y), (half, y), (0, y + rise)))
        shapes.append(poly(shade(green), (half * 0.15, y), (half, y), (0, y + rise)))
        if scene.season == "winter":
            tip, cut = y + rise, 0.5
            shapes.append(
                poly(
                    SNOW,
                    (-half * cut, tip - rise * cut),
                    (0, tip - rise * 0.28),
                    (half * cut, tip - rise * cut),
                    (0, tip),
                )
            )
    return shapes


def pines(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    shapes = []
    for x, scale in ((-0.34, rng.uniform(0.66, 0.84)), (0.36, rng.uniform(0.6, 0.8)), (0, 1.0)):
        shapes += moved(pine(scene, rng), x, 0, scale)
    return shapes


def palm(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    lean = rng.uniform(0.08, 0.24) * rng.choice((-1, 1))
    green, wood = (rgb("#3f9a4c"), rgb("#2f8050")), rgb("#9a6a42")
    steps = np.linspace(0, 1, 8)
    spine = np.stack([lean * steps**2, 0.8 * steps], -1)
    half = np.interp(steps, (0, 1), (0.05, 0.028))[:, None] * np.array([[1.0, 0.0]])
    shapes = [Shape(np.concatenate([spine - half, (spine + half)[::-1]]), wood)]
    for k, angle in enumerate((200, 168, -20, 12, 130, 50, 95)):
        shapes.append(frond(lean, 0.8, angle * pi / 180, 0.4, green[k % 2]))
    return shapes


def frond(x: float, y: float, angle: float, length: float, colour: RGB) -> Shape:
    """A leaf that rises at `angle` and droops towards its tip."""
    steps = np.linspace(0, 1, 7)
    droop = 0.26 * steps**2
    middle = np.stack(
        [x + length * cos(angle) * steps, y + length * 0.7 * sin(angle) * steps - droop], -1
    )
    thick = 0.055 * np.sin(pi * np.clip(steps, 0.06, 1))[:, None] * np.array([[0.0, 1.0]])
    return Shape(np.concatenate([middle + thick, (middle - thick)[::-1]]), colour)


def palms(scene: Scene, rng: np.random.Generator) -> list[Shape]:
    shapes = moved(palm(scene, rng), rng.uniform(-0.3, -0.2), 0, rng.uniform(0.65, 0.8))
    return shapes + moved(palm(scene, rng), rng.uniform(0.1, 0.2), 0, 1.0)


def balloon(scene: Scene, rng: np.random.Generator, colour: str | None) -> list[Shape]:
    paint = PAINTS[colour or "red"]
    stripe = PAINTS["white"] if colour != "white" else PAINTS["red"]
    shapes = [
        poly(WOOD, (-0.03, 0.14), (0.03, 0.14), (0.16, 0.42), (-0.16, 0.42)),
        oval(paint, 0, 0.66, 0.34, 0.34),
        poly(paint, (-0.28, 0.47), (0.28, 0.47), (0.09, 0.24), (-0.09, 0.24)),
        oval(stripe, 0, 0.66, 0.2, 0.34),
        poly(stripe, (-0.165, 0.47), (0.165, 0.47), (0.05, 0.24), (-0.05, 0.24)),
        oval(paint, 0, 0.66, 0.075, 0.34),
        poly(paint, (-0.062, 0.47), (0.062, 0.47), (0.02, 0.24), (-0.02, 0.24)),
        rect(WOOD, -0.08, 0, 0.08, 0.13),
    ]
    return shapes


PLAIN = {
    "castle": castle,
    "windmill": windmill,
    "tree": tree,
    "pines": pines,
    "palms": palms,
    "fox": fox,
    "person": person,
    "bridge": bridge,
    "city": city,
}
COLOURED = {
    "lighthouse": lighthouse,
    "cottage": cottage,
    "boat": boat,
    "balloon": balloon,
    "cat": cat,
    "bird": bird,
    "flowers": flowers,
    "ship": ship,
    "train": train,
}


def shapes_of(
    subject: Subject, colour: str | None, scene: Scene, rng: np.random.Generator
) -> list[Shape]:
    """Return the shapes of a subject; mirrored half of the time."""
    if subject in COLOURED:
        shapes = COLOURED[subject](scene, rng, colour)
    else:
        shapes = PLAIN[subject](scene, rng)
    if rng.random() < 0.5:
        shapes = [replace(s, points=s.points * np.array([-1.0, 1.0])) for s in shapes]
    return shapes


# Heights in units of the picture (1 is the square root of its area), smallest and largest.
HEIGHTS: dict[Subject, tuple[float, float]] = {
    "castle": (0.42, 0.56),
    "lighthouse": (0.48, 0.64),
    "windmill": (0.44, 0.6),
    "cottage": (0.26, 0.36),
    "boat": (0.36, 0.52),
    "tree": (0.42, 0.58),
    "pines": (0.4, 0.54),
    "palms": (0.42, 0.58),
    "balloon": (0.34, 0.46),
    "cat": (0.32, 0.44),
    "fox": (0.32, 0.42),
    "bird": (0.24, 0.34),
    "person": (0.36, 0.48),
    "flowers": (0.36, 0.46),
    "ship": (0.26, 0.34),
    "bridge": (0.2, 0.26),
    "train": (0.18, 0.23),
    "city": (0.36, 0.46),
}
HALF_WIDTHS: dict[Subject, float] = {
    "castle": 0.55,
    "lighthouse": 0.2,
    "windmill": 0.46,
    "cottage": 0.75,
    "boat": 0.48,
    "tree": 0.46,
    "pines": 0.6,
    "palms": 0.6,
    "balloon": 0.36,
    "cat": 0.6,
    "fox": 0.82,
    "bird": 0.76,
    "person": 0.2,
    "flowers": 0.6,
    "ship": 1.04,
    "bridge": 1.52,
    "train": 2.4,
    "city": 1.05,
}
