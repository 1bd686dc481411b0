"""Paints a scene: sky, far things, ground or water, subjects, weather, in this order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .canvas import Canvas
from .colour import LAMP, RGB, SNOW, Light, light_of, mix, rgb
from .land import paint_ground, water_colour
from .objects import HALF_WIDTHS, HEIGHTS, shapes_of
from .scene import AFLOAT, FLYING, WATER_GROUNDS, Nearness, Scene, Subject
from .shapes import PARTS, Part, Shape, moved

# Of a part, how many of its shapes are left out.
Lacking = Mapping[Part, int]
NOTHING: Lacking = {}
SIZES_OF_SEVERAL = {1: 1.0, 2: 0.78, 3: 0.6}
SIZES_BY_NEARNESS: dict[Nearness, float] = {"near": 1.25, "middle": 1.0, "far": 0.55}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a subject stands: its base at (x, y), so large, so far into the haze (0 to 1)."""

    x: float
    y: float
    size: float
    distance: float = 0.0


def paint(scene: Scene, width_px: int, height_px: int) -> np.ndarray:
    """Return the picture of a scene: uint8, (height, width, 3), sRGB; the same every time."""
    return paint_parts(scene, width_px, height_px)[0]


def paint_parts(
    scene: Scene, width_px: int, height_px: int, lacking: Lacking = NOTHING
) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture of a scene, and where it shows what: uint8, (height, width).

    0 is where no subject is, otherwise 1 + the part's place in `PARTS`. `lacking` says how many
    shapes of a part are not painted; everything else stays as it is.
    """
    rng = np.random.default_rng(scene.detail_seed)
    light = light_of(scene, rng)
    canvas = Canvas(width_px, height_px)
    paint_sky(canvas, scene, light, rng)
    paint_ground(canvas, scene, light, rng)
    if scene.companion != "none":
        paint_subject(canvas, scene, light, rng, False, lacking)
    if scene.subject != "none":
        paint_subject(canvas, scene, light, rng, True, lacking)
    paint_weather(canvas, scene, light, rng)
    return in_palette(canvas.finish(), scene), canvas.finish_labels()


def paint_sky(canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator) -> None:
    """Paint gradient, stars, sun or moon, clouds."""
    horizon = scene.horizon * canvas.height
    canvas.gradient(0, horizon + 0.02, list(light.sky))
    if scene.stars:
        for _ in range(11):
            x, y = rng.uniform(0.02, 0.98) * canvas.width, rng.uniform(0.02, 0.8) * horizon
            if abs(x - scene.light_x * canvas.width) > 0.13:
                canvas.disc(x, y, rng.uniform(0.008, 0.012), rgb("#fdfbea"))
    x = scene.light_x * canvas.width
    if scene.sun:
        y = (
            horizon
            * {
                "day": rng.uniform(0.16, 0.4),
                "dawn": rng.uniform(0.68, 0.9),
                "sunset": rng.uniform(0.66, 0.92),
            }[scene.hour]
        )
        radius = 0.062 if scene.hour == "day" else rng.uniform(0.08, 0.11)
        canvas.glow(x, y, radius * 4, light.disc, 0.7)
        canvas.disc(x, y, radius, mix(light.disc, light.haze, 0.6 * light.haze_share))
    elif scene.moon != "none":
        y = horizon * rng.uniform(0.16, 0.4)
        paint_moon(canvas, x, y, scene, light)
    if scene.weather in ("cloudy", "rain"):
        paint_clouds(canvas, scene, light, rng)


def paint_moon(canvas: Canvas, x: float, y: float, scene: Scene, light: Light) -> None:
    """Paint a full moon with its glow, or a crescent."""
    radius = 0.075
    colour = mix(light.disc, light.haze, 0.5 * light.haze_share)
    canvas.glow(x, y, radius * 3.4, colour, 0.4)
    if scene.moon == "full":
        canvas.disc(x, y, radius, colour)
        return
    outer = np.linspace(-0.5 * np.pi - 0.35, 0.5 * np.pi + 0.35, 24)
    rim = np.stack([np.cos(outer), np.sin(outer)], -1)
    inner = np.linspace(1, -1, 24)[:, None]
    bite = np.stack([rim[0, 0] + 0.62 * (1 - inner[:, 0] ** 2), inner[:, 0] * rim[-1, 1]], -1)
    canvas.polygon(np.concatenate([rim, bite]) * radius * 1.1 + np.array([x, y]), colour)


def paint_clouds(canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator) -> None:
    """Paint flat-bottomed clouds: light ones on a fair day, dark ones in the rain."""
    rain = scene.weather == "rain"
    colour = (
        mix(light.sky[0], (0.1, 0.1, 0.14), 0.25) if rain else mix(light.sky[2], (1, 1, 1), 0.45)
    )
    if scene.hour == "night" and not rain:
        colour = mix(light.sky[1], (0.75, 0.8, 0.95), 0.35)
    horizon = scene.horizon * canvas.height
    for k in range(3):
        x = (k + rng.uniform(0.1, 0.9)) / 3 * canvas.width
        y = horizon * (rng.uniform(0.12, 0.3) if rain else rng.uniform(0.15, 0.6))
        size = rng.uniform(0.09, 0.13) * (1.4 if rain else 1)
        outline = []
        for dx, dy, r in (
            (-1.1, -0.35, 0.55),
            (-0.35, -0.7, 0.8),
            (0.5, -0.55, 0.7),
            (1.2, -0.3, 0.5),
        ):
            angles = np.linspace(np.pi, 2 * np.pi, 14)
            outline.append(np.stack([dx + r * np.cos(angles), dy + 0.35 + r * np.sin(angles)], -1))
        for part in outline:
            low = np.array([[part[-1, 0], 0.0], [part[0, 0], 0.0]])
            canvas.polygon(np.concatenate([part, low]) * size + np.array([x, y]), colour)
        canvas.polygon(
            np.array([(-1.6, 0.06), (-1.6, -0.12), (1.65, -0.12), (1.65, 0.06)]) * size
            + np.array([x, y]),
            colour,
        )


def left_of(shapes: list[Shape], lacking: Lacking) -> list[Shape]:
    """Return the shapes without the first ones of each part that is lacking."""
    out, kept = dict(lacking), []
    for shape in shapes:
        if out.get(shape.part, 0) > 0:
            out[shape.part] -= 1
        else:
            kept.append(shape)
    return kept


def paint_subject(
    canvas: Canvas,
    scene: Scene,
    light: Light,
    rng: np.random.Generator,
    main: bool,
    lacking: Lacking = NOTHING,
) -> None:
    """Paint the subject, or its smaller companion, with its island and its reflection."""
    subject = scene.subject if main else scene.companion
    colour = scene.colour if main else scene.companion_colour
    low, high = HEIGHTS[subject]
    count, nearness = (scene.count, scene.nearness) if main else (1, "middle")
    size = rng.uniform(low, high) * (1.0 if main else 0.62)
    size *= min(1.0, 1.25 * min(canvas.width, canvas.height))
    size *= SIZES_OF_SEVERAL[count] * SIZES_BY_NEARNESS[nearness]
    half = 1.06 * size * HALF_WIDTHS[subject] * count
    if half > canvas.width / 2:
        size, half = size * canvas.width / 2 / half, canvas.width / 2
    x = (scene.subject_x if main else scene.companion_x) * canvas.width
    x = min(max(x, half), canvas.width - half)
    horizon = scene.horizon * canvas.height
    if subject in FLYING:
        y = max(size * 1.02, horizon * rng.uniform(0.72, 0.95))
        y = min(y, size + 0.55 * horizon) if main else y
        shapes = left_of(several(subject, colour, scene, rng, count), lacking)
        draw(canvas, shapes, Spot(x, y, size), light, scene)
        return
    y, distance, mirror = footing(scene, subject, canvas, rng, main)
    if nearness == "far":
        y, distance = horizon + 0.4 * (y - horizon), distance + 0.12
    elif nearness == "near" and scene.ground not in WATER_GROUNDS:
        y = min(canvas.height - 0.03, y + 0.1)
    shapes = left_of(several(subject, colour, scene, rng, count), lacking)
    water = water_colour(scene, light)
    on_island = scene.ground == "sea" and subject not in AFLOAT
    spot = Spot(x, y, size, distance)
    if mirror:
        draw(canvas, shapes, spot, light, scene, mirrored_in=water)
    if on_island:
        paint_island(
            canvas, x, y, size * {"castle": 0.62, "palms": 0.75}.get(subject, 0.5), scene, light
        )
        spot = replace(spot, y=y - 0.035)
    if subject == "lighthouse" and scene.hour == "night":
        paint_beam(canvas, x, spot.y - 0.83 * size, light)
    draw(canvas, shapes, spot, light, scene)


def several(
    subject: Subject, colour: str | None, scene: Scene, rng: np.random.Generator, count: int
) -> list[Shape]:
    """Return the shapes of so many of a subject, side by side about the middle."""
    shapes = []
    for k in range(count):
        x = 2.0 * HALF_WIDTHS[subject] * (k - (count - 1) / 2)
        one = shapes_of(subject, colour, scene, rng)
        shapes += moved(one, x, 0, 1.0) if count > 1 else one
    return shapes


def paint_beam(canvas: Canvas, x: float, y: float, light: Light) -> None:
    """Paint a lighthouse's light: one wedge to each side, fading outwards."""
    for side in (-1.0, 1.0):
        for reach, alpha in ((0.28, 0.2), (0.6, 0.2)):
            wedge = np.array(
                [(0, 0.008), (0, -0.008), (reach, -0.16 * reach), (reach, 0.16 * reach)]
            )
            canvas.polygon(
                wedge * np.array([side, 1.0]) + np.array([x, y]), mix(LAMP, light.disc, 0.5), alpha
            )


def footing(
    scene: Scene, subject: str, canvas: Canvas, rng: np.random.Generator, main: bool
) -> tuple[float, float, bool]:
    """Return where a subject stands: (y of its base, distance 0..1, whether water mirrors it)."""
    horizon, below = scene.horizon * canvas.height, (1 - scene.horizon) * canvas.height
    if subject == "city":
        return horizon + 0.02, 0.1, scene.ground == "lake"
    if subject in AFLOAT:
        nearness = rng.uniform(0.2, 0.42) if main else rng.uniform(0.05, 0.12)
        if scene.ground == "beach":
            nearness *= 0.6
        return horizon + nearness * below, 0.0 if main else 0.15, True
    if scene.ground == "sea":
        return horizon + rng.uniform(0.1, 0.25) * below, 0.05 if main else 0.2, True
    if scene.ground == "lake":
        return horizon + 0.01, 0.04 if main else 0.12, True
    if scene.ground == "beach":
        return horizon + rng.uniform(0.62, 0.75) * below, 0.0, False
    return (
        horizon + (rng.uniform(0.2, 0.42) if main else rng.uniform(0.1, 0.16)) * below,
        0.02 if main else 0.12,
        False,
    )


def paint_island(
    canvas: Canvas, x: float, y: float, half: float, scene: Scene, light: Light
) -> None:
    """Paint a low rock with its foot in the water at `y`."""
    steps = np.linspace(-1, 1, 25)
    top = np.stack([x + half * steps, y + 0.02 - 0.07 * (1 - np.abs(steps) ** 2.5)], -1)
    canvas.polygon(top, light.on(rgb("#6f6a70"), 0.05))


def draw(
    canvas: Canvas,
    shapes: list[Shape],
    spot: Spot,
    light: Light,
    scene: Scene,
    mirrored_in: RGB | None = None,
) -> None:
    """Draw a subject at its spot, or its reflection in water of the given colour."""
    shining = scene.hour in ("night", "sunset") or scene.weather == "rain"
    flip = -1.0 if mirrored_in is None else 0.92
    for shape in shapes:
        surface = light.on(shape.colour, spot.distance)
        if shape.lit:
            surface = (
                mix(shape.colour, light.haze, 0.4 * light.haze_share)
                if shining
                else light.on(rgb("#4a5068"), spot.distance)
            )
        if mirrored_in is not None:
            surface = mix(surface, mirrored_in, 0.6)
        scaled = shape.points * np.array([spot.size, flip * spot.size])
        label = 1 + PARTS.index(shape.part) if mirrored_in is None else None
        canvas.polygon(scaled + np.array([spot.x, spot.y]), surface, label=label)


def paint_weather(canvas: Canvas, scene: Scene, light: Light, rng: np.random.Generator) -> None:
    """Paint falling snow or rain, or veil the foot of the picture in fog."""
    if scene.weather == "snowfall":
        for _ in range(26):
            x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
            canvas.disc(x, y, rng.uniform(0.011, 0.018), mix(SNOW, light.haze, 0.25), 0.9)
    elif scene.weather == "rain":
        slant = np.array([-0.045, 0.17])
        thick = np.array([0.011, 0.0])
        for _ in range(18):
            start = np.array(
                [rng.uniform(0, canvas.width * 1.05), rng.uniform(-0.05, canvas.height * 0.95)]
            )
            corners = np.array([start, start + thick, start + slant + thick, start + slant])
            canvas.polygon(corners, mix(light.sky[2], (1, 1, 1), 0.35), 0.5)


def in_palette(picture: np.ndarray, scene: Scene) -> np.ndarray:
    """Return the picture in its palette: grey, sepia, pastel, or as it is."""
    if scene.palette == "natural":
        return picture
    colours = picture.astype(np.float32) / 255
    grey = colours @ np.array([0.3, 0.59, 0.11], np.float32)
    if scene.palette == "pastel":
        soft = 0.62 * colours + 0.38 * grey[..., None]
        colours = 0.42 + 0.58 * soft * np.array([1.0, 0.97, 0.98], np.float32)
    else:
        lift = 0.1 if scene.hour == "night" else 0.0
        span = np.clip(lift + (1 - lift) * (grey * (1.5 if scene.hour == "night" else 1.0)), 0, 1)[
            ..., None
        ]
        if scene.palette == "monochrome":
            colours = np.repeat(span, 3, -1)
        else:
            colours = span ** np.array([0.75, 1.05, 1.5], np.float32)
    return (np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8)
