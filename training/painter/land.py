"""Paints the ground: mountains, hills, water, sand, trees at the horizon."""

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .colour import DUNE, GRASS, PINE, RGB, ROCK, SAND, SNOW, WATER, Light, mix, rgb
from .scene import Scene


@dataclass(frozen=True, slots=True)
class Bands:
    """Overlapping bands of land: their colour, how many, how far their outlines swing."""

    surface: RGB
    count: int
    swing: float


def paint_ground(canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator) -> None:
    """Paint everything below the sky except the subjects."""
    horizon = scene.horizon * canvas.height
    if scene.mountains:
        peaks = draw_peaks(canvas, rng)
    hills = ridge(canvas, rng, 0.05, 0.03)
    if scene.ground in ("sea", "lake", "beach"):
        paint_water(canvas, scene, light, horizon)
    if scene.mountains:
        if scene.ground == "lake":
            paint_peaks(canvas, scene, light, peaks, horizon, mirrored=True)
        paint_peaks(canvas, scene, light, peaks, horizon)
    if scene.ground == "sea":
        paint_glints(canvas, scene, light, rng, horizon)
    elif scene.ground == "lake":
        paint_lake_shore(canvas, scene, light, rng, horizon, hills)
    elif scene.ground == "beach":
        paint_glints(canvas, scene, light, rng, horizon, 3)
        paint_beach(canvas, scene, light, rng, horizon)
    elif scene.ground == "desert":
        paint_bands(canvas, scene, light, rng, horizon, Bands(DUNE, 4, 0.05))
    elif scene.ground == "hills":
        paint_bands(canvas, scene, light, rng, horizon, Bands(GRASS[scene.season], 4, 0.075))
    elif scene.ground == "forest":
        paint_forest(canvas, scene, light, rng, horizon)
    else:
        paint_bands(canvas, scene, light, rng, horizon, Bands(GRASS[scene.season], 3, 0.018))
        if scene.ground == "river":
            paint_river(canvas, scene, light, rng, horizon)


def water_colour(scene: Scene, light: Light) -> RGB:
    """Return the colour of the water halfway to the viewer."""
    return mix(light.on(WATER, 0.1), light.sky[1], 0.3)


def ridge(canvas: Canvas, rng: np.random.Generator, height: float, swing: float) -> np.ndarray:
    """Return a smooth outline, float (n, 2): x across the picture, y the height above its foot."""
    x = np.linspace(-0.02, canvas.width + 0.02, 48)
    y = height + sum(
        swing / (k + 1) * np.sin(x * rng.uniform(1.6, 3.2) * (k + 1) + rng.uniform(0, 6.3))
        for k in range(3)
    )
    return np.stack([x, np.maximum(y, 0.0)], -1)


def draw_peaks(canvas: Canvas, rng: np.random.Generator) -> list[np.ndarray]:
    """Return two to four peaks, each (left foot, top, right foot) as x and height."""
    count = int(rng.integers(2, 5))
    peaks = []
    for k in range(count):
        x = (k + rng.uniform(0.2, 0.8)) / count * canvas.width
        height, half = rng.uniform(0.16, 0.34), rng.uniform(0.2, 0.34)
        peaks.append(np.array([(x - half, 0), (x, height), (x + half * rng.uniform(0.8, 1.2), 0)]))
    return [peaks[k] for k in rng.permutation(count)]


def paint_peaks(
    canvas: Canvas,
    scene: Scene,
    light: Light,
    peaks: list[np.ndarray],
    horizon: float,
    mirrored: bool = False,
) -> None:
    """Paint mountains with a shaded side and a snow cap, or their reflection."""
    rock = mix(ROCK, rgb("#b07a55"), 0.7) if scene.ground == "desert" else ROCK
    snow = scene.ground != "desert"
    water = water_colour(scene, light)
    sign = 0.85 if mirrored else -1.0

    def put(points: np.ndarray, surface: RGB) -> None:
        colour = light.on(surface, 0.36)
        colour = mix(colour, water, 0.6) if mirrored else colour
        canvas.polygon(points * np.array([1.0, sign]) + np.array([0.0, horizon]), colour)

    for left, top, right in peaks:
        heel = np.array([top[0] + 0.25 * (right[0] - top[0]), 0.0])
        put(np.array([left, top, right]), rock)
        put(np.array([heel, top, right]), mix(rock, (0.1, 0.1, 0.3), 0.3))
        if snow:
            cut = 0.38 if scene.season != "winter" else 0.62
            a, b, m = (
                top + cut * (left - top),
                top + cut * (right - top),
                top + cut * 1.1 * (heel - top),
            )
            fold_a, fold_b = (a + m) / 2 + np.array([0, 0.03]), (b + m) / 2 + np.array([0, 0.03])
            put(np.array([a, top, m, fold_a]), SNOW)
            put(np.array([m, top, b, fold_b]), mix(SNOW, (0.35, 0.42, 0.7), 0.3))


def paint_water(canvas: Canvas, scene: Scene, light: Light, horizon: float) -> None:
    """Fill everything below the horizon with water, from the sky's colour to its own depth."""
    near = mix(light.on(WATER, 0.0), light.sky[0], 0.25)
    canvas.gradient(
        horizon,
        canvas.height,
        [mix(light.on(WATER, 0.5), light.sky[2], 0.45), water_colour(scene, light), near],
    )


def paint_glints(
    canvas: Canvas,
    scene: Scene,
    light: Light,
    rng: np.random.Generator,
    horizon: float,
    count: int = 5,
) -> None:
    """Paint the light's path on the water as a few broad bars."""
    if not (scene.sun or scene.moon != "none"):
        return
    x, below = scene.light_x * canvas.width, canvas.height - horizon
    for k in range(count):
        y = horizon + (0.06 + 0.13 * k) * below
        half, thick = rng.uniform(0.04, 0.075) * (1 + 0.12 * k), 0.006 + 0.001 * k
        bar = np.array([(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)])
        canvas.polygon(bar, mix(light.disc, light.sky[2], 0.2), 0.8)


def paint_lake_shore(
    canvas: Canvas,
    scene: Scene,
    light: Light,
    rng: np.random.Generator,
    horizon: float,
    hills: np.ndarray,
) -> None:
    """Paint the far shore, its reflection, the light's path, and a near bank in one corner."""
    green, water = GRASS[scene.season], water_colour(scene, light)
    far = light.on(green, 0.22)
    hills = hills * np.array([1.0, 0.8])
    foot = np.array([(canvas.width + 0.02, 0.0), (-0.02, 0.0)])
    outline = np.concatenate([hills, foot])
    canvas.polygon(outline * np.array([1.0, 0.8]) + np.array([0, horizon]), mix(far, water, 0.55))
    paint_glints(canvas, scene, light, rng, horizon)
    canvas.polygon(outline * np.array([1.0, -1.0]) + np.array([0, horizon + 0.008]), far)
    if rng.random() < 0.6:
        side = rng.choice((-1, 1))
        x = np.linspace(0, 1, 20)
        rise = rng.uniform(0.06, 0.13) * (1 - x) ** 1.6
        bank = np.stack([x * canvas.width * 1.02, canvas.height - rise], -1)
        bank = np.concatenate(
            [bank, [(canvas.width * 1.02, canvas.height + 0.02), (0, canvas.height + 0.02)]]
        )
        if side > 0:
            bank[:, 0] = canvas.width - bank[:, 0]
        canvas.polygon(bank, light.on(mix(green, (0.05, 0.15, 0.1), 0.15), 0.0))


def paint_bands(
    canvas: Canvas,
    scene: Scene,
    light: Light,
    rng: np.random.Generator,
    horizon: float,
    bands: Bands,
) -> None:
    """Paint the land as overlapping bands, paler towards the horizon."""
    surface, count, swing = bands.surface, bands.count, bands.swing
    below = canvas.height - horizon
    for k in range(count):
        outline = ridge(canvas, rng, 0.012 if k else 0.02 + 0.5 * swing, swing)
        y = horizon + below * (k / count) ** 1.2
        near = k / max(1, count - 1)
        tone = (
            mix(surface, (0.05, 0.14, 0.2), 0.16 * near)
            if k % 2
            else mix(surface, (1, 0.95, 0.8), 0.06)
        )
        if scene.season == "winter":
            tone = mix(surface, (0.55, 0.66, 0.9), 0.16 * (k % 2))
        floor = np.array([(canvas.width + 0.02, -1.0), (-0.02, -1.0)])
        canvas.polygon(
            np.concatenate([outline, floor]) * np.array([1.0, -1.0]) + np.array([0, y]),
            light.on(tone, 0.42 * (1 - near)),
        )


def paint_beach(
    canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator, horizon: float
) -> None:
    """Paint sand in front of the sea, with a line of foam."""
    below, side = canvas.height - horizon, rng.choice((-1, 1))
    x = np.linspace(-0.02, 1.02, 30)
    y = horizon + below * (0.5 + 0.1 * side * (x - 0.5) * 2 + 0.03 * np.sin(x * rng.uniform(4, 7)))
    for lift, colour in (
        (0.02, mix(light.on(SNOW, 0.0), light.on(WATER, 0.1), 0.25)),
        (0.0, light.on(SAND)),
    ):
        edge = np.stack([x * canvas.width, y - lift], -1)
        floor = np.array(
            [(1.05 * canvas.width, canvas.height + 0.02), (-0.05, canvas.height + 0.02)]
        )
        canvas.polygon(np.concatenate([edge, floor]), colour)


def paint_forest(
    canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator, horizon: float
) -> None:
    """Paint rows of firs, each row nearer and darker, with a clearing in front."""
    winter = scene.season == "winter"
    green = mix(PINE, SNOW, 0.45) if winter else PINE
    if scene.season == "autumn":
        green = rgb("#b8702f")
    below = canvas.height - horizon
    for row, (lift, height, distance) in enumerate(((0.0, 0.2, 0.45), (0.1, 0.25, 0.2))):
        y, colour = horizon + lift * below, light.on(green, distance)
        step = 0.11 + 0.02 * row
        for x in np.arange(rng.uniform(-0.1, 0), canvas.width + 0.1, step):
            tall, half = height * rng.uniform(0.75, 1.1), step * 0.72
            canvas.polygon(
                np.array([(x - half, y + 0.03), (x, y - tall), (x + half, y + 0.03)]), colour
            )
        canvas.polygon(
            np.array(
                [(0, y), (canvas.width, y), (canvas.width, canvas.height), (0, canvas.height)]
            ),
            colour,
        )
    paint_bands(
        canvas, scene, light, rng, horizon + 0.12 * below, Bands(GRASS[scene.season], 2, 0.02)
    )


def paint_river(
    canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator, horizon: float
) -> None:
    """Paint a river that winds from the horizon towards the viewer, ever wider."""
    below, steps = canvas.height - horizon, np.linspace(0, 1, 40)
    depth = steps**1.7
    bend, phase = rng.uniform(0.1, 0.2), rng.uniform(0, 6.3)
    source = rng.uniform(0.35, 0.65) * canvas.width
    drift = rng.uniform(-0.35, 0.35) * canvas.width
    middle = (
        source + drift * steps + bend * (0.25 + steps) * (np.sin(5 * steps + phase) - np.sin(phase))
    )
    half = 0.006 + 0.17 * depth
    y = horizon + 0.012 + (below + 0.02) * depth
    left, right = np.stack([middle - half, y], -1), np.stack([middle + half, y], -1)
    canvas.polygon(
        np.concatenate([left, right[::-1]]), mix(light.on(WATER, 0.0), light.sky[1], 0.4)
    )
