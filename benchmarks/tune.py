"""Does tuning please? Simulated owners, the shipped model, prompts and seeds that nobody learned.

    python -m benchmarks.tune CACHE [OWNER ...] [--drafts 500] [--held-out 96] [--picks-only]

OWNER is a name of `benchmarks.taste.owners`, by default all whose taste is in the picture. Those of
`ASKED` are pleased by what was asked for, whatever is drawn, so no model pleases them sooner. CACHE
keeps drafts, what was learned and drawn with it, the painted scenes that the owners' eye has seen
and, from `python -m training.judge --work CACHE`, the judge of obedience. So the command goes on
where it was stopped, and what lies there is measured anew. A tenth of the clicks are wrong. All
seeds are in this file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hotfolder.render  # noqa: F401 - before torch

# isort: split
import msgspec
import numpy as np
import torch
from PIL import Image

from benchmarks.taste.drafts import SAME, SIDES, SIZES, Drafts, wished
from benchmarks.taste.owners import clicked, owners
from hotfolder.images import views
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.draw import draw
from hotfolder.recipes.model import LoraFile, Model, additions, model_name
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.tuning import balance, checkpoint, chosen, course, memory, result, school
from hotfolder.tuning.checkpoint import Begun
from hotfolder.tuning.course import Method
from hotfolder.tuning.trainer import Trainer

Array = np.ndarray[Any, Any]
Told = list[dict[str, Any]]
PROFILE = profiles.resolve(
    "postcard", {"postcard": tomllib.loads(Path("profiles/postcard.toml").read_text())}
)
NAME = model_name(PROFILE.model)
ASKED = (
    "castle", "boat", "trees", "mountains", "night", "winter", "house, night",
    "boat or light, sunset", "no night, no fog", "no trees", "no day", "no taste",
)  # fmt: skip
SEEDS_OF_ONE = 12  # pictures of each of four prompts, for variety
HELD_SEED = 10_000


def wishes(count: int, seed: int) -> Told:
    """So many prompts in the words of the model's training, with what they ask for."""
    random, told = np.random.default_rng(seed), []
    for _ in range(count):
        facts, text = wished(random)
        size = SIZES[random.choice(len(SIZES), p=SIDES)]
        told.append({**facts, "text": text, "size": size})
    return told


def recipe(told: dict[str, Any], seed: int, model: Model) -> Recipe:
    """A draft of this wish."""
    width, height = told["size"]
    prompt = Prompt(text=told["text"], literal=True, size=f"{width}x{height}")
    made = draw(prompt, PROFILE, seed, "tune", {})
    return msgspec.structs.replace(made, **additions(model))


def drawn(told: Told, first: int, model: Model, folder: Path) -> list[Image.Image]:
    """Their pictures, rendered if the folder has not got them yet."""
    folder.mkdir(parents=True, exist_ok=True)
    engine, pictures = Engine({NAME: model}, None), []
    for number, wish in enumerate(told):
        file = folder / f"{number}.png"
        if not file.exists():
            engine.render(recipe(wish, first + number, model)).image.save(folder / "half.png")
            (folder / "half.png").replace(file)
        with Image.open(file) as picture:
            pictures.append(picture.convert("RGB"))
    return pictures


def pleases(owner: str, told: Sequence[Told], shown: Sequence[list[Image.Image]], cache: Path):
    """Whether each picture pleases an owner, by what pleases them among the first ones."""
    facts, small, alike = [], [], []
    for group, (wanted, pictures) in enumerate(zip(told, shown, strict=True)):
        alike += [-1 if group == 0 else group] * len(wanted)
        facts += [{**one, "alike": alike[-1]} for one in wanted]
        small += [
            np.asarray(p.resize((p.width // 2, p.height // 2), Image.Resampling.BOX))
            for p in pictures
        ]
    drafts = Drafts(facts, [], small, np.array(alike))
    likes = next(k[owner] for k in owners(drafts, cache).values() if owner in k)
    return np.split(likes, np.cumsum([len(one) for one in told])[:-1])


def learned(told: Told, pictures: list[Image.Image], clicks: Array, method: Method) -> bytes:
    """The LoRA that is trained on these drafts and clicks; b"" if nothing holds."""
    recipes = [recipe(one, number, PROFILE.model) for number, one in enumerate(told)]
    examples = [
        chosen.Example(r.id, r.prompt, bool(c), 1.0, not chosen.speaks_of_sides(r.prompt))
        for r, c in zip(recipes, clicks, strict=True)
    ]
    grey = [views.grey(picture, 32) for picture in pictures]
    mirrored = not chosen.prefers_a_side(grey, [example.liked for example in examples])
    several = {r.id: (r, p) for r, p in zip(recipes, pictures, strict=True)}
    examples = balance.balanced([*examples, *(() if mirrored else chosen.opposites(examples))])
    loaded = school.load(PROFILE.model, None, "cpu", recipes[0])
    taken = course.plan(len(pictures), school.width(loaded), 0, torch.get_num_threads(), method)
    kept = tuple(checkpoint.Picture(e, "", several[e.picture][0]) for e in examples)
    plan = memory.Plan(taken.together)
    begun = Begun("postcard", "postcard-tuned-1", taken, kept, mirrored, loaded.sha256, {}, plan)
    given = [(e, *several[e.picture]) for e in examples]
    with tempfile.TemporaryDirectory() as place:
        found = school.learn(begun, Path(place), loaded, "cpu", lambda: given, _Quiet())
    print(f"    {method}: step {found.score.at} of {found.steps}, of held-out pictures "
          f"{found.score.best:.2%} learned, {'' if mirrored else 'not '}mirrored")  # fmt: skip
    return result.file_of(found.lora, found.denoiser) if found.score.at else b""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What an owner's clicks made of the model: what it took, and the folder it lies in."""

    model: Model
    place: Path
    wall_s: float
    cpu_s: float


def tuned(place: Path, learn: Callable[[], bytes]) -> Tuned:
    """The model with what `learn` gives, which is kept in the folder `place`."""
    place.mkdir(exist_ok=True)
    lora, took = (place / "lora.safetensors").resolve(), place / "took.json"
    if not took.exists():
        wall, cpu = time.monotonic(), time.process_time()
        lora.write_bytes(learn())
        took.write_text(json.dumps((time.monotonic() - wall, time.process_time() - cpu)))
    loras = [LoraFile(str(lora))] if lora.stat().st_size else []
    model = msgspec.structs.replace(PROFILE.model, loras=loras)
    return Tuned(model, place, *json.loads(took.read_text()))


class _Quiet:
    def read(self) -> None:
        """Nothing."""

    def began(self, step: int) -> None:
        """Nothing."""

    def before_step(self, made: Trainer) -> None:
        """Nothing."""

    def after_step(self, step: int, steps: int) -> None:
        """Nothing."""


def obeyed(told: Told, pictures: list[Image.Image], cache: Path) -> float:
    """The share of what was asked for that the judge finds: subject, hour, season, weather."""
    from training.judge import load_judge, verdicts

    judge, found = load_judge(cache), []
    for wish, picture in zip(told, pictures, strict=True):
        seen = verdicts(judge, np.asarray(picture)[None])[0]
        found.append(wish["subject"] in seen.subjects)
        found.append(seen.classes["hour"] == wish["hour"])
        if wish["season"] != "summer":
            found.append(seen.classes["season"] == wish["season"])
        if wish["weather"] != "clear":
            found.append(seen.classes["weather"] == wish["weather"])
    return float(np.mean(found))


def variety(pictures: list[Image.Image]) -> float:
    """How far pictures of one prompt lie apart, in pixels of 32x32: the mean over prompts."""
    apart = []
    for first in range(0, len(pictures), SEEDS_OF_ONE):
        few = [
            np.asarray(p.resize((32, 32), Image.Resampling.BOX), float).ravel()
            for p in pictures[first : first + SEEDS_OF_ONE]
        ]
        pairs = [np.linalg.norm(a - b) for n, a in enumerate(few) for b in few[:n]]
        apart.append(np.mean(pairs))
    return float(np.mean(apart))


def main() -> None:
    """Print the figures of each owner."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("owners", nargs="*")
    parser.add_argument("--drafts", type=int, default=500)
    parser.add_argument("--held-out", type=int, default=96)
    parser.add_argument("--picks-only", action="store_true", help="also by likes alone")
    given = parser.parse_args()
    told, asked = wishes(given.drafts, 7), wishes(given.held_out, 77)
    same = [{"text": t, "size": (256, 256)} for t in SAME for _ in range(SEEDS_OF_ONE)]
    plain = PROFILE.model
    shown = drawn(told, 0, plain, given.cache / "drafts")
    before = drawn(asked, HELD_SEED, plain, given.cache / "before")
    same_before = drawn(same, HELD_SEED, plain, given.cache / "same")
    (given.cache / "told.json").write_text(json.dumps(told))
    drafts = Drafts(told, [], [np.asarray(p) for p in shown], np.full(len(told), -1))
    everyone = [name for some in owners(drafts, given.cache).values() for name in some]
    shares: dict[str, list[tuple[float, float]]] = {}
    for owner in given.owners or [name for name in everyone if name not in ASKED]:
        likes = pleases(owner, [told], [shown], given.cache)[0]
        clicks = clicked(likes, np.random.default_rng(900))
        methods: list[Method] = ["preference", *(["picks"] if given.picks_only else [])]
        print(f"{owner}: pleases {likes.mean():.0%} of {len(told)} drafts", flush=True)
        for method in methods:
            found = tuned(
                given.cache / f"{owner} {method} {len(told)}",
                partial(learned, told, shown, clicks, method),
            )
            after = drawn(asked, HELD_SEED, found.model, found.place / "after")
            same_after = drawn(same, HELD_SEED, found.model, found.place / "same")
            _, was, now = pleases(owner, [told, asked, asked], [shown, before, after], given.cache)
            shares.setdefault(method, []).append((float(was.mean()), float(now.mean())))
            differs = variety(same_after) / variety(same_before)
            print(f"    {method}: {found.wall_s:.0f} s, {found.cpu_s:.0f} s of processors; "
                  f"pleasing {was.mean():.3f} -> {now.mean():.3f} "
                  f"({_times(was.mean(), now.mean())}), "
                  f"variety {differs:.2f}", flush=True)  # fmt: skip
            if (given.cache / "judge.pt").exists():
                print(f"    obeyed {obeyed(asked, before, given.cache):.3f} -> "
                      f"{obeyed(asked, after, given.cache):.3f}", flush=True)  # fmt: skip
    for method, some in shares.items():
        enough = sum(now >= 1.5 * was for was, now in some)
        was, now = np.mean(some, axis=0)
        print(f"{method}, all owners: {was:.3f} -> {now:.3f} ({_times(was, now)}), at least "
              f"1.5 times for {enough} of {len(some)}")  # fmt: skip


def _times(was: float, now: float) -> str:
    return f"{now / max(was, 1e-9):.2f} times"


if __name__ == "__main__":
    main()
