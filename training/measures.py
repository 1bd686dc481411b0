"""The figures of the model card: obedience, variety, likeness, crispness, refinement.

Pictures are uint8, (height, width, 3).
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from .judge import Judge, Verdict, as_input
from .painter import japanese
from .painter.caption import HOURS, NOUNS, SEASONS, WEATHERS, article, place
from .painter.scene import Scene, draw_scene

Language = Literal["english", "japanese"]
# Crispness is measured at the strongest edges: so much of all pixels.
STRONGEST = 0.01
# How far around a pixel its surroundings reach, in pixels to each side.
REACH_PX = 3
# Surroundings with less contrast than this are no edge, of 1.
LEAST_CONTRAST = 0.1


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt and the scene it was made from, of which it says hour, subjects, weather, season."""

    prompt: str
    scene: Scene


def said_weather(scene: Scene) -> list[str]:
    """Return the questions about weather and season that the prompt answers."""
    said = ["weather"] if scene.weather != "clear" else []
    return [*said, "season"] if scene.season != "summer" else said


def requests(count: int, first_seed: int = 0, language: Language = "english") -> list[Request]:
    """Return prompts in plain words, from scenes that were never painted for training."""
    made, seed = [], first_seed
    while len(made) < count:
        scene, rng = draw_scene(seed), np.random.default_rng(seed)
        seed += 1
        if scene.subject == "none" or scene.palette != "natural":
            continue
        say = in_english if language == "english" else in_japanese
        made.append(Request(say(scene, rng), scene))
    return made


def in_english(scene: Scene, rng: np.random.Generator) -> str:
    """Return such as "a castle and a tree in the hills, at night, in winter"."""
    subjects = [s for s in (scene.subject, scene.companion) if s != "none"]
    nouns = [NOUNS[s][0] for s in subjects]
    things = [n if n.endswith("s") else article(n) for n in nouns]
    said = said_weather(scene)
    parts = [" and ".join(things) + " " + place(scene, scene.subject, rng)]
    parts.append(HOURS[scene.hour][0])
    parts += [WEATHERS[scene.weather][0]] if "weather" in said else []
    parts += [SEASONS[scene.season][0]] if "season" in said else []
    return ", ".join(parts)


def in_japanese(scene: Scene, rng: np.random.Generator) -> str:
    """Return such as "丘の城と木、夜、冬"."""
    subjects = [s for s in (scene.subject, scene.companion) if s != "none"]
    said = said_weather(scene)
    parts = [
        japanese.GROUNDS[scene.ground][0] + "の" + "と".join(japanese.NOUNS[s][0] for s in subjects)
    ]
    parts.append(japanese.HOURS[scene.hour][0])
    parts += [japanese.WEATHERS[scene.weather][0]] if "weather" in said else []
    parts += [japanese.SEASONS[scene.season][0]] if "season" in said else []
    return "、".join(parts)


def obedience(asked: list[Request], seen: list[Verdict]) -> dict[str, tuple[float, int]]:
    """Return for hour, subject, weather or season, two subjects: (share obeyed, how many asked)."""
    right: dict[str, list[bool]] = defaultdict(list)
    for request, verdict in zip(asked, seen, strict=True):
        scene = request.scene
        right["hour"].append(verdict.classes["hour"] == scene.hour)
        right["subject"].append(scene.subject in verdict.subjects)
        for name in said_weather(scene):
            right["weather or season"].append(verdict.classes[name] == getattr(scene, name))
        if scene.companion != "none":
            both = {scene.subject, scene.companion} <= verdict.subjects
            right["two subjects"].append(both)
    return {name: (float(np.mean(values)), len(values)) for name, values in right.items()}


def broken(asked: list[Request], seen: list[Verdict]) -> float:
    """Return the share of pictures with another hour, without the main subject or with one that
    nobody asked for."""
    return float(
        np.mean(
            [
                verdict.classes["hour"] != request.scene.hour
                or request.scene.subject not in verdict.subjects
                or not verdict.subjects <= {request.scene.subject, request.scene.companion}
                for request, verdict in zip(asked, seen, strict=True)
            ]
        )
    )


def frechet(judge: Judge, first: np.ndarray, second: np.ndarray) -> float:
    """Return the Fréchet distance of two sets of pictures in the judge's features (Heusel 2017)."""
    moments = []
    for pictures in (first, second):
        with torch.no_grad():
            features = judge.features(as_input(pictures)).double().numpy()
        moments.append((features.mean(0), np.cov(features, rowvar=False)))
    (mean_a, cov_a), (mean_b, cov_b) = moments
    values = np.linalg.eigvals(cov_a @ cov_b).real
    root = np.sqrt(np.clip(values, 0, None)).sum()
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * root)


def variety(pictures: np.ndarray) -> float:
    """Return the mean distance between pairs of pictures, each shrunken to 32x32; 0 to 1."""
    small = np.stack([np.asarray(Image.fromarray(p).resize((32, 32), Image.BOX)) for p in pictures])
    flat = small.reshape(len(small), -1).astype(float) / 255
    pairs = [np.sqrt(((a - b) ** 2).mean()) for k, a in enumerate(flat) for b in flat[k + 1 :]]
    return float(np.mean(pairs))


def low_pass_correlation(draft: Image.Image, final: Image.Image) -> float:
    """Return how alike two pictures of any sizes are at 24x24."""
    a, b = (np.asarray(p.resize((24, 24), Image.BOX), float).ravel() for p in (draft, final))
    return float(np.corrcoef(a, b)[0, 1])


def sharpness_ratio(draft: Image.Image, final: Image.Image) -> float:
    """Return the energy in the final's finest details over that of the enlarged draft (Lanczos)."""
    enlarged = draft.resize(final.size, Image.LANCZOS)
    energies = []
    for picture in (final, enlarged):
        grey = np.asarray(picture.convert("L"), float)
        around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
        energies.append(((4 * grey[1:-1, 1:-1] - around) ** 2).mean())
    return float(energies[0] / energies[1])


@dataclass(frozen=True, slots=True)
class Crispness:
    """How crisp a picture is, at its strongest edges.

    `energy` is their mean squared gradient, (0..1)² per pixel²; `width_px` the median of how many
    pixels an edge would take at its steepest, from dark to light.
    """

    energy: float
    width_px: float


def grey(picture: np.ndarray) -> np.ndarray:
    """Return float32 (height, width), 0 to 1."""
    return picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255


def local_range(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest value around each pixel."""
    x = torch.from_numpy(levels)[None]
    low, high = (F.max_pool2d(sign * x, 2 * REACH_PX + 1, 1, REACH_PX) * sign for sign in (-1, 1))
    return low[0].numpy(), high[0].numpy()


def crispness(picture: np.ndarray) -> Crispness:
    """Return how crisp a picture is; energy alone is no gauge, since halos raise it as well."""
    levels = grey(picture)
    across = levels[:-1, 1:] - levels[:-1, :-1]
    steps = np.hypot(across, levels[1:, :-1] - levels[:-1, :-1])
    low, high = local_range(levels)
    strong = steps >= np.quantile(steps, 1 - STRONGEST)
    rise = (high - low)[:-1, :-1][strong] / np.maximum(steps[strong], 1e-6)
    return Crispness(float((steps[strong] ** 2).mean()), float(np.median(rise)))


def overshoot(made: np.ndarray, painted: np.ndarray) -> float:
    """Return by how many grey levels of 255 a picture leaves the painted range, near edges."""
    levels = grey(made)
    low, high = local_range(grey(painted))
    outside = np.maximum(levels - high, 0) + np.maximum(low - levels, 0)
    return float(255 * outside[high - low > LEAST_CONTRAST].mean())


def psnr(made: np.ndarray, painted: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    square = ((made.astype(np.float32) - painted) / 255) ** 2
    return float(-10 * np.log10(square.mean()))
