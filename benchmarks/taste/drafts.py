"""The drafts that owners are asked about: rendered once by the shipped model, then kept."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hotfolder.render  # noqa: F401 - before torch

# isort: split
import msgspec
import numpy as np
from PIL import Image

from hotfolder.images.composition import measured
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.draw import draw
from hotfolder.recipes.model import model_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.taste.features import Features

Array = np.ndarray[Any, Any]

VARIED, ALIKE = 800, 48  # drafts of all kinds of prompts, and of each of four prompts
SIZES = ((256, 256), (320, 208), (208, 320), (288, 224), (224, 288))
SIDES = (0.36, 0.18, 0.16, 0.15, 0.15)
SAME = (
    "a castle on a hill, at night, with a full moon",
    "a sailing boat at sea, at sunset, with a low sun",
    "a cottage by a lake, by day, in winter, with mountains behind",
    "a lone tree in a meadow, at dawn, in autumn, in the mist",
)


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was drawn: what each was asked for, its features, and a small picture of it.

    `alike` is the number of the prompt that several share, -1 for those of all kinds.
    """

    told: list[dict[str, Any]]
    features: list[Features]
    small: list[Array]
    alike: Array

    def seen_by(self, look: Callable[[Features], Features]) -> Drafts:
        """The same, of which only so much is known."""
        return replace(self, features=[look(one) for one in self.features])

    @property
    def varied(self) -> Array:
        """The numbers of those that share no prompt."""
        return np.flatnonzero(self.alike < 0)


def drafts(cache: Path) -> Drafts:
    """The drafts in `cache`, rendered first if they are not there."""
    if not (cache / "features.jsonl").exists():
        _render(cache)
    lines = (cache / "features.jsonl").read_bytes().splitlines()
    features = [msgspec.json.decode(line, type=Features) for line in lines]
    told = json.loads((cache / "told.json").read_text())
    small = [np.asarray(Image.open(cache / "small" / f"{n}.png")) for n in range(len(features))]
    return Drafts(told, features, small, np.array([one["alike"] for one in told]))


def shipped() -> tuple[Engine, Profile]:
    """What draws the drafts."""
    raw = {"postcard": tomllib.loads(Path("profiles/postcard.toml").read_text())}
    profile = profiles.resolve("postcard", raw)
    return Engine({model_name(profile.model): profile.model}, None), profile


def draft(profile: Profile, text: str, sides: tuple[int, int], number: int) -> Recipe:
    """The recipe of a draft of so many pixels (width, height)."""
    prompt = Prompt(text=text, literal=True, size=f"{sides[0]}x{sides[1]}")
    return draw(prompt, profile, number, "taste", {})


def _render(cache: Path) -> None:
    engine, profile = shipped()
    (cache / "small").mkdir(parents=True, exist_ok=True)
    random, told, lines = np.random.default_rng(7), [], []
    wanted = [(-1, *wished(random)) for _ in range(VARIED)]
    wanted += [(n, {}, text) for _ in range(ALIKE) for n, text in enumerate(SAME)]
    for number, (alike, facts, text) in enumerate(wanted):
        sides = SIZES[0] if alike >= 0 else SIZES[random.choice(len(SIZES), p=SIDES)]
        rendered = engine.render(draft(profile, text, sides, number))
        image, (width, height) = rendered.image, sides
        kinds = {**rendered.features, **measured.features(image)}
        lines.append(Features(str(number), prompt=text, width=width, height=height, kinds=kinds))
        told.append({**facts, "alike": alike})
        image.resize((width // 2, height // 2), Image.Resampling.BOX).save(
            cache / "small" / f"{number}.png"
        )
    (cache / "told.json").write_text(json.dumps(told))
    (cache / "features.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))


def wished(random: np.random.Generator) -> tuple[dict[str, Any], str]:
    """A wish for a landscape in the words of the model's training: what it says, and how."""
    from training.painter import caption
    from training.painter.scene import GREEN_GROUNDS, HOMES

    def one(*options: Any, p: Sequence[float] | None = None) -> str:
        return str(random.choice(options, p=p))

    def word(options: Any) -> str:
        return str(caption.choose(random, options))

    subject = one("castle", "lighthouse", "windmill", "cottage", "boat", "tree", "pines", "balloon")
    home = HOMES[subject]
    shares = np.array(list(home.values()), float) ** 0.5
    ground = one(*home, p=(shares / shares.sum()).tolist())
    hour = one("dawn", "day", "sunset", "night", p=(0.18, 0.24, 0.25, 0.33))
    season = one("summer", "spring", "autumn", "winter") if ground in GREEN_GROUNDS else "summer"
    weather = one("clear", "cloudy", "fog", p=(0.6, 0.22, 0.18))
    mountains = bool(random.random() < 0.25)
    moon = hour == "night" and weather == "clear" and random.random() < 0.5

    class Scene:
        pass

    Scene.ground = ground  # type: ignore[attr-defined]
    noun = word(caption.NOUNS[subject])
    noun = noun if subject in caption.PLURALS else caption.article(noun)
    parts = [word(caption.HOURS[hour])]
    parts += [word(caption.WEATHERS[weather])] if weather != "clear" else []
    parts += [word(caption.SEASONS[season])] if season != "summer" else []
    parts += [word(caption.MOUNTAINS)] if mountains else []
    parts += ["with a full moon"] if moon else []
    random.shuffle(parts)
    facts = {"subject": subject, "ground": ground, "hour": hour, "season": season}
    facts |= {"weather": weather, "mountains": mountains}
    return facts, ", ".join([f"{noun} {caption.place(Scene, subject, random)}", *parts])
