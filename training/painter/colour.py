"""Colours of the hours and of things. A colour is three floats, sRGB, 0 to 1."""

from dataclasses import dataclass

import numpy as np

from .scene import Scene

RGB = tuple[float, float, float]


def rgb(hex_code: str) -> RGB:
    """Return the colour of a code such as "#8fa3d9"."""
    return tuple(int(hex_code[i : i + 2], 16) / 255 for i in (1, 3, 5))


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """Return `a` with `share` (0 to 1) of it replaced by `b`."""
    return tuple(x + (y - x) * share for x, y in zip(a, b, strict=True))


def times(a: RGB, b: RGB) -> RGB:
    """Return the product, channel by channel: a surface `a` under the light `b`."""
    return tuple(min(1.0, x * y) for x, y in zip(a, b, strict=True))


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a scene: the sky from top to horizon, what it does to surfaces, and the haze."""

    sky: tuple[RGB, RGB, RGB]
    ambient: RGB
    haze: RGB
    haze_share: float
    disc: RGB

    def on(self, surface: RGB, distance: float = 0.0) -> RGB:
        """Return how `surface` looks at `distance` (0 near, 1 at the horizon)."""
        share = min(0.92, self.haze_share + (0.72 - 0.5 * self.haze_share) * distance)
        return mix(times(surface, self.ambient), self.haze, share)


SKIES = {
    "dawn": [
        ("#8fa3d9", "#e9b5cc", "#fce2b8"),
        ("#7c98d6", "#d9c2e0", "#ffe9cf"),
        ("#9db7e4", "#f7c9c0", "#fff0cc"),
        ("#86a8d8", "#f0b8b8", "#fbdcae"),
    ],
    "day": [
        ("#2f7fe0", "#74b8f4", "#d2ecfa"),
        ("#2a78d0", "#66b0ec", "#c2e6f7"),
        ("#4aa0e6", "#92cef4", "#e6f5f6"),
        ("#1f86c8", "#5fbde0", "#d8f2ee"),
    ],
    "sunset": [
        ("#4a2c7a", "#e0526a", "#fbb659"),
        ("#5b2a68", "#e8604c", "#ffc15e"),
        ("#2f3a7e", "#c2527f", "#ff9a56"),
        ("#3b2466", "#d4476a", "#ff8c5a"),
    ],
    "night": [
        ("#070b2a", "#141e52", "#2b3b7c"),
        ("#0a1033", "#1b2a66", "#35508f"),
        ("#081226", "#152a50", "#2c4a78"),
        ("#120c33", "#2a1f5c", "#4a3a80"),
    ],
}
AMBIENTS: dict[str, RGB] = {
    "dawn": (0.95, 0.85, 0.88),
    "day": (1.0, 1.0, 1.0),
    "sunset": (0.86, 0.58, 0.55),
    "night": (0.34, 0.40, 0.62),
}
DISCS: dict[str, RGB] = {
    "dawn": rgb("#fff6d8"),
    "day": rgb("#fffbe0"),
    "sunset": rgb("#ffe9a0"),
    "night": rgb("#f6f2d8"),
}
OVERCAST: dict[str, tuple[RGB, RGB, RGB]] = {
    "dawn": (rgb("#8d8fa6"), rgb("#b3aab6"), rgb("#d6c8c4")),
    "day": (rgb("#7b8a9a"), rgb("#a0adb8"), rgb("#c6cfd4")),
    "sunset": (rgb("#5c4a66"), rgb("#a06a70"), rgb("#d09a80")),
    "night": (rgb("#1a2130"), rgb("#2d384a"), rgb("#4a5668")),
}
FOGS: dict[str, RGB] = {
    "dawn": rgb("#efdcd8"),
    "day": rgb("#dfe8ea"),
    "sunset": rgb("#eab694"),
    "night": rgb("#4a5674"),
}


def light_of(scene: Scene, rng: np.random.Generator) -> Light:
    """Return the light of the scene's hour and weather."""
    codes = SKIES[scene.hour][rng.integers(len(SKIES[scene.hour]))]
    top, middle, low = (rgb(code) for code in codes)
    ambient, haze_share = AMBIENTS[scene.hour], 0.0
    if scene.weather == "rain":
        top, middle, low = OVERCAST[scene.hour]
        ambient, haze_share = mix(ambient, times(ambient, low), 0.4), 0.12
    elif scene.weather == "snowfall":
        grey = OVERCAST[scene.hour]
        top, middle, low = (mix(a, b, 0.6) for a, b in zip((top, middle, low), grey, strict=True))
        haze_share = 0.08
    elif scene.weather == "fog":
        fog = FOGS[scene.hour]
        top, middle, low = mix(top, fog, 0.6), mix(middle, fog, 0.8), fog
        haze_share = 0.42
    return Light((top, middle, low), ambient, low, haze_share, DISCS[scene.hour])


GRASS = {
    "spring": rgb("#8cc152"),
    "summer": rgb("#5f9e45"),
    "autumn": rgb("#b39a4a"),
    "winter": rgb("#f0f5fb"),
}
FOLIAGE = {
    "spring": (rgb("#f3a6c0"), rgb("#f7bfd0"), rgb("#e98fb0")),
    "summer": (rgb("#3f8a3c"), rgb("#4f9c46"), rgb("#35783a")),
    "autumn": (rgb("#d9722b"), rgb("#e8973a"), rgb("#c4502a")),
    "winter": (rgb("#e8f0f8"), rgb("#dfe9f4"), rgb("#f4f8fc")),
}
PAINTS: dict[str, RGB] = {
    "red": rgb("#d8433c"),
    "blue": rgb("#3f6fc4"),
    "yellow": rgb("#f2c33d"),
    "white": rgb("#f6f3ea"),
    "green": rgb("#4da15a"),
    "orange": rgb("#ef8636"),
    "black": rgb("#2b2833"),
    "grey": rgb("#8d8f9c"),
}
PINE, SAND, DUNE = rgb("#2f6b4a"), rgb("#ecd29a"), rgb("#dba45c")
ROCK, STONE, WOOD, WATER = rgb("#7d7f92"), rgb("#c9c2b8"), rgb("#7a4d33"), rgb("#2f7fb0")
SNOW, ROOF, DARK, LAMP = rgb("#f7fafd"), rgb("#a8473f"), rgb("#3c3f52"), rgb("#ffd76a")
