"""What a picture shows: a scene, drawn at random from a seed, independent of the picture's size.

There are two repertoires. Seeds below `LARGE_FROM` draw from the smaller one and always give the
scenes that they gave to postcard up to v4, so that figures can be compared; those above draw from
the larger one, with more subjects, several of a kind, near and far.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

Hour = Literal["dawn", "day", "sunset", "night"]
Weather = Literal["clear", "cloudy", "fog", "rain", "snowfall"]
Season = Literal["spring", "summer", "autumn", "winter"]
Ground = Literal["sea", "lake", "river", "meadow", "hills", "desert", "beach", "forest"]
Subject = Literal[
    "castle",
    "lighthouse",
    "windmill",
    "cottage",
    "boat",
    "tree",
    "pines",
    "palms",
    "balloon",
    "none",
    "cat",
    "fox",
    "bird",
    "person",
    "flowers",
    "ship",
    "bridge",
    "train",
    "city",
]
Palette = Literal["natural", "monochrome", "pastel", "sepia"]
Moon = Literal["none", "full", "crescent"]
Colour = Literal["red", "blue", "yellow", "white", "green", "orange", "black", "grey"]
Nearness = Literal["near", "middle", "far"]

HOURS: tuple[Hour, ...] = get_args(Hour)
WEATHERS: tuple[Weather, ...] = get_args(Weather)
SEASONS: tuple[Season, ...] = get_args(Season)
GROUNDS: tuple[Ground, ...] = get_args(Ground)
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
PALETTES: tuple[Palette, ...] = get_args(Palette)

LARGE_FROM = 2_000_000_000
FLYING: tuple[Subject, ...] = ("balloon", "bird")
AFLOAT: tuple[Subject, ...] = ("boat", "ship")
# As wide as the picture: nothing else fits beside them.
WIDE: tuple[Subject, ...] = ("ship", "bridge", "train", "city")
# What may come twice or three times.
COUNTABLE: tuple[Subject, ...] = (
    "boat",
    "tree",
    "balloon",
    "cottage",
    "windmill",
    "cat",
    "fox",
    "bird",
    "person",
)

# Grounds on which the seasons show; sand looks the same all year, and so does open water.
GREEN_GROUNDS = ("lake", "river", "meadow", "hills", "forest")
WATER_GROUNDS = ("sea", "lake", "beach")

# Where each subject is at home, with its share there.
HOMES: dict[Subject, dict[Ground, float]] = {
    "castle": {
        "sea": 2,
        "lake": 2,
        "river": 1,
        "meadow": 2,
        "hills": 3,
        "forest": 1,
        "desert": 0.5,
    },
    "lighthouse": {"sea": 5, "beach": 2.5, "lake": 0.7},
    "windmill": {"meadow": 3, "hills": 3, "river": 2, "lake": 0.7, "beach": 0.3},
    "cottage": {
        "meadow": 2,
        "hills": 2,
        "lake": 2,
        "river": 1.5,
        "forest": 1.5,
        "beach": 1,
        "sea": 0.6,
    },
    "boat": {"sea": 4, "lake": 3, "beach": 2},
    "tree": {"meadow": 3, "hills": 3, "lake": 1, "river": 1.5},
    "pines": {"hills": 2, "lake": 2, "river": 1, "meadow": 1, "forest": 3},
    "palms": {"beach": 4, "desert": 3, "sea": 1.5},
    "balloon": {
        "hills": 2,
        "meadow": 2,
        "desert": 1,
        "lake": 1,
        "sea": 1,
        "river": 0.7,
        "forest": 0.5,
    },
    "none": {
        "lake": 2,
        "hills": 2,
        "sea": 1.5,
        "desert": 2,
        "river": 1,
        "meadow": 1,
        "beach": 1,
        "forest": 2,
    },
    "cat": {"meadow": 3, "hills": 2, "beach": 1, "forest": 1, "river": 1},
    "fox": {"forest": 3, "meadow": 2, "hills": 2, "river": 1},
    "bird": {"sea": 3, "lake": 2, "beach": 2, "meadow": 1, "hills": 1, "forest": 1, "river": 1},
    "person": {"beach": 2, "meadow": 2, "hills": 2, "desert": 1.5, "forest": 1, "river": 1},
    "flowers": {"meadow": 3, "hills": 2, "river": 1},
    "ship": {"sea": 4, "lake": 1, "beach": 1.5},
    "bridge": {"river": 3, "lake": 1},
    "train": {"meadow": 2, "hills": 2, "desert": 1.5},
    "city": {"lake": 3, "river": 1, "meadow": 1, "hills": 1},
}
SUBJECT_SHARES: dict[Subject, float] = {
    "castle": 1.3,
    "lighthouse": 1.3,
    "windmill": 1.2,
    "cottage": 1.2,
    "boat": 1.2,
    "tree": 1.0,
    "pines": 0.9,
    "palms": 1.0,
    "balloon": 0.9,
    "none": 1.0,
}
LARGE_SHARES: dict[Subject, float] = SUBJECT_SHARES | {
    "cat": 1.1,
    "fox": 1.0,
    "bird": 1.0,
    "person": 1.0,
    "flowers": 0.9,
    "ship": 1.0,
    "bridge": 0.9,
    "train": 0.9,
    "city": 0.9,
}
# A second, smaller subject that may join the first one on this ground.
COMPANIONS: dict[Ground, tuple[Subject, ...]] = {
    "sea": ("boat", "lighthouse", "balloon"),
    "lake": ("boat", "pines", "cottage", "balloon"),
    "river": ("pines", "tree", "windmill", "cottage"),
    "meadow": ("tree", "pines", "windmill", "balloon"),
    "hills": ("tree", "pines", "cottage", "balloon"),
    "desert": ("palms", "balloon"),
    "beach": ("boat", "palms", "lighthouse"),
    "forest": ("balloon", "cottage"),
}
LARGE_COMPANIONS: dict[Ground, tuple[Subject, ...]] = {
    "sea": ("boat", "lighthouse", "balloon", "ship", "bird"),
    "lake": ("boat", "pines", "cottage", "balloon", "bird"),
    "river": ("pines", "tree", "windmill", "cottage", "person", "bird"),
    "meadow": ("tree", "pines", "windmill", "balloon", "cat", "person", "bird"),
    "hills": ("tree", "pines", "cottage", "balloon", "fox", "person", "bird"),
    "desert": ("palms", "balloon", "person"),
    "beach": ("boat", "palms", "lighthouse", "ship", "person", "cat"),
    "forest": ("balloon", "cottage", "fox", "person"),
}
MOUNTAIN_SHARES: dict[Ground, float] = {
    "sea": 0.15,
    "lake": 0.7,
    "river": 0.5,
    "meadow": 0.4,
    "hills": 0.35,
    "desert": 0.3,
    "beach": 0.1,
    "forest": 0.5,
}
OBJECT_COLOURS: dict[Subject, tuple[Colour, ...]] = {
    "boat": ("white", "red", "yellow", "orange", "blue"),
    "lighthouse": ("red", "white", "blue"),
    "cottage": ("red", "white", "yellow", "blue"),
    "balloon": ("red", "yellow", "blue", "orange", "green"),
    "cat": ("black", "white", "orange", "grey"),
    "bird": ("white", "red", "blue", "black"),
    "flowers": ("red", "yellow", "white", "blue", "orange"),
    "ship": ("red", "yellow", "white", "blue"),
    "train": ("red", "green", "blue", "black"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One landscape. `..._x` are fractions of the width, `horizon` of the height from the top.

    `count` is how many there are of the subject, `nearness` how near it is.
    """

    hour: Hour
    weather: Weather
    season: Season
    ground: Ground
    mountains: bool
    subject: Subject
    companion: Subject
    colour: Colour | None
    companion_colour: Colour | None
    sun: bool
    moon: Moon
    stars: bool
    palette: Palette
    horizon: float
    subject_x: float
    companion_x: float
    light_x: float
    detail_seed: int
    count: int = 1
    nearness: Nearness = "middle"


def pick(rng: np.random.Generator, shares: dict) -> str:
    """Return one key of `shares`, drawn in proportion to its share."""
    weights = np.array(list(shares.values()), dtype=float)
    return list(shares)[rng.choice(len(weights), p=weights / weights.sum())]


def draw_scene(seed: int) -> Scene:
    """Return the scene of this seed; every part is drawn by itself."""
    rng, large = np.random.default_rng(seed), seed >= LARGE_FROM
    hour = pick(rng, {"dawn": 1.0, "day": 1.2, "sunset": 1.2, "night": 1.2})
    subject = pick(rng, LARGE_SHARES if large else SUBJECT_SHARES)
    ground = pick(rng, HOMES[subject])
    season, weather = draw_season_and_weather(rng, ground, subject)
    companion = "none"
    if subject != "none" and subject not in WIDE and rng.random() < 0.3:
        others = [
            other
            for other in (LARGE_COMPANIONS if large else COMPANIONS)[ground]
            if other != subject and not (season == "winter" and other == "palms")
        ]
        companion = others[rng.integers(len(others))] if others else "none"
    subject_x, companion_x = draw_places(rng, companion != "none")
    clear = weather == "clear" or weather == "cloudy"
    sun = hour != "night" and weather != "rain" and rng.random() < (0.75 if clear else 0.35)
    moon = "none"
    if hour == "night" and weather != "rain" and rng.random() < 0.75:
        moon = "full" if rng.random() < 0.65 else "crescent"
    scene = Scene(
        hour=hour,
        weather=weather,
        season=season,
        ground=ground,
        mountains=bool(rng.random() < MOUNTAIN_SHARES[ground] + (0.25 if subject == "none" else 0)),
        subject=subject,
        companion=companion,
        colour=draw_colour(rng, subject),
        companion_colour=draw_colour(rng, companion),
        sun=bool(sun),
        moon=moon,
        stars=bool(hour == "night" and weather == "clear" and rng.random() < 0.7),
        palette=pick(rng, {"natural": 0.82, "monochrome": 0.07, "pastel": 0.07, "sepia": 0.04}),
        horizon=float(rng.uniform(0.52, 0.7)),
        subject_x=subject_x,
        companion_x=companion_x,
        light_x=draw_light_x(rng, subject_x),
        detail_seed=int(rng.integers(2**31)),
    )
    return with_count_and_nearness(scene, rng) if large else scene


def with_count_and_nearness(scene: Scene, rng: np.random.Generator) -> Scene:
    """Return a scene of the larger repertoire: alone, some subjects are several, or near or far."""
    if scene.subject == "none" or scene.companion != "none":
        return scene
    if scene.subject in COUNTABLE and rng.random() < 0.3:
        return replace(scene, count=int(rng.integers(2, 4)), subject_x=float(rng.uniform(0.4, 0.6)))
    return replace(scene, nearness=pick(rng, {"near": 0.12, "middle": 0.72, "far": 0.16}))


def draw_season_and_weather(rng: np.random.Generator, ground: Ground, subject: Subject):
    """Return (season, weather); snow falls in winter only, sand and flowers know no winter."""
    if ground not in GREEN_GROUNDS or subject == "palms":
        return "summer", pick(rng, {"clear": 0.58, "cloudy": 0.16, "fog": 0.13, "rain": 0.13})
    seasons = {"summer": 0.34, "spring": 0.14, "autumn": 0.24, "winter": 0.28}
    season = pick(rng, seasons if subject != "flowers" else seasons | {"winter": 0.0})
    if season == "winter":
        return season, pick(rng, {"clear": 0.5, "snowfall": 0.35, "fog": 0.15})
    return season, pick(rng, {"clear": 0.62, "cloudy": 0.14, "fog": 0.12, "rain": 0.12})


def draw_places(rng: np.random.Generator, two: bool) -> tuple[float, float]:
    """Return where subject and companion stand: apart where there are two, else near the thirds."""
    if not two:
        return float(rng.uniform(0.28, 0.72)), 0.5
    left, right = float(rng.uniform(0.22, 0.36)), float(rng.uniform(0.68, 0.82))
    return (left, right) if rng.random() < 0.5 else (right, left)


def draw_light_x(rng: np.random.Generator, subject_x: float) -> float:
    """Return where sun or moon stands: mostly on the other side of the picture than the subject."""
    away = rng.uniform(0.62, 0.86) if subject_x < 0.5 else rng.uniform(0.14, 0.38)
    return float(away if rng.random() < 0.75 else rng.uniform(0.15, 0.85))


def draw_colour(rng: np.random.Generator, subject: Subject) -> Colour | None:
    """Return the colour of a subject that has one of its own (a sail, a roof), else None."""
    choice = rng.integers(1 << 16)
    colours = OBJECT_COLOURS.get(subject)
    return colours[choice % len(colours)] if colours else None
