"""A studio whose owner picked bright drafts and rejected dark ones, of a tiny model or ours."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from hotfolder.images import picture
from hotfolder.recipes.draw import draw
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio.config import load
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio

SIDES = "32x32"
PLACES = ("castle", "boat", "mill", "tree", "lake", "hut", "moor", "bay")


def made(folder: Path, source: Path | str, picks: int = 20, rejects: int = 12) -> Studio:
    """A studio of the profile `tiny`, whose model lies at `source`, with so many judged drafts."""
    studio, _ = create(folder)
    (studio.profiles / "tiny.toml").write_text(
        f'steps = 2\nscheduler = "model"\n[model]\nsource = "{source}"\nname = "tiny"\n'
        'multiple = 16\n[draft]\narea = "32x32"\n'
    )
    studio.settings.write_text('profile = "tiny"\ndevices = "cpu"\nthreads = 1\n')
    profile = load.read_config(studio).profile("tiny")
    for number in range(picks + rejects):
        put(studio, profile, number, number < picks)
    return studio


def put(studio: Studio, profile: Profile, number: int, liked: bool, model: str = "") -> Path:
    """One draft that its owner moved to where they wanted it."""
    recipe = recipe_of(profile, number)
    if model:
        recipe = msgspec.structs.replace(recipe, model=model)
    record = Record(stage="draft", pixels="0" * 64, profile="tiny", prompt_file="x.txt")
    data, _ = picture.publishable(image_of(number, liked), recipe, record, record.encoding)
    folder = studio.seeds if liked else studio.drafts / "rejected"
    folder.mkdir(exist_ok=True)
    file = folder / f"draft-{number:03}-{recipe.id[:8]}.png"
    file.write_bytes(data)
    return file


def recipe_of(profile: Profile, number: int) -> Recipe:
    """The recipe of a draft."""
    text = f"a {PLACES[number % len(PLACES)]} by the sea"
    return draw(Prompt(text=text, literal=True, size=SIDES), profile, number, "salt", {})


def image_of(number: int, liked: bool) -> Image.Image:
    """A bright picture, or a dark one."""
    noise = np.random.default_rng(number).integers(0, 60, (32, 32, 3), np.uint8)
    return Image.fromarray(noise + (190 if liked else 5))
