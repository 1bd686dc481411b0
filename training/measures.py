"""The figures of the model card: obedience, variety, likeness, refinement; pictures are uint8."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from .judge import Judge, Verdict, as_input
from .painter.caption import HOURS, NOUNS, SEASONS, WEATHERS, article, place
from .painter.scene import Scene, draw_scene


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt and the scene it was made from, of which it says hour, subjects, weather, season."""

    prompt: str
    scene: Scene


def said_weather(scene: Scene) -> list[str]:
    """Return the questions about weather and season that the prompt answers."""
    said = ["weather"] if scene.weather != "clear" else []
    return [*said, "season"] if scene.season != "summer" else said


def requests(count: int, first_seed: int = 0) -> list[Request]:
    """Return prompts in plain words, from scenes that were never painted for training."""
    made, seed = [], first_seed
    while len(made) < count:
        scene, rng = draw_scene(seed), np.random.default_rng(seed)
        seed += 1
        if scene.subject == "none" or scene.palette != "natural":
            continue
        subjects = [s for s in (scene.subject, scene.companion) if s != "none"]
        nouns = [NOUNS[s][0] for s in subjects]
        things = [n if n.endswith("s") else article(n) for n in nouns]
        parts = [" and ".join(things) + " " + place(scene, scene.subject, rng)]
        parts.append(HOURS[scene.hour][0])
        said = said_weather(scene)
        parts += [WEATHERS[scene.weather][0]] if "weather" in said else []
        parts += [SEASONS[scene.season][0]] if "season" in said else []
        made.append(Request(", ".join(parts), scene))
    return made


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
