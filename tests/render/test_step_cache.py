"""Guessed steps: which families can, in which names they are told, and the same bits every time."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from hotfolder.errors import MistakesError, ModelMissingError, RenderError, Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model, at_revision, model_name
from hotfolder.recipes.profile import resolve
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import pipelines, validate
from hotfolder.studio.config import load
from tests.conftest import ROOT
from tests.render import zoo

_CACHED = ("dev", "qwen", "hunyuan", "cogview")  # by the pass of guidance, and without one
_EASY = {"first-block": "first-block 0.5", "taylor": "taylor"}  # even tiny models guess by these
_RESUME = """
import sys
from pathlib import Path
import msgspec
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model, model_name
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
model = msgspec.json.decode(sys.argv[2], type=Model)
engine = Engine({model_name(model): model}, Path(sys.argv[1]), "cpu", 1)
recipe = msgspec.json.decode(sys.argv[3], type=Recipe)
steps = []
drawn = engine.render(recipe, on_step=lambda step, _: steps.append(step), resume=Path(sys.argv[4]))
print(pixel_hash(drawn.image), 1 in steps)
"""


def _recipe(draft: Recipe, family: str, model: Model) -> Recipe:
    values = {
        "width": 64,
        "height": 48,
        "steps": 8,
        "negative_prompt": "a longer other one",
    }
    return zoo.of(family, draft, **{**values, "model": model_name(model)})


def _off(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())


@pytest.mark.parametrize("kind", ["first-block 0.5", "taylor 3"])
@pytest.mark.parametrize("family", _CACHED)
def test_the_same_bits(
    zoo_models: Path, draft: Recipe, tmp_path: Path, family: str, kind: str
) -> None:
    """Twice, with another picture between two steps, and stopped and taken up elsewhere."""
    model = Model(f"./{family}", step_cache=kind)
    plain = Model(f"./{family}", name="plain")
    models = {model_name(one): one for one in (model, plain)}
    own = Engine(models, zoo_models, "cpu", 1)
    recipe = _recipe(draft, family, model)
    first = own.render(recipe).image
    wanted = pixel_hash(first)
    without = own.render(replace(recipe, model="plain")).image
    assert 0 < _off(first, without) < 60

    other = replace(recipe, seed=3, steps=6)

    def amid(step: int, _: int) -> None:
        if step == 5:
            own.render(other)

    assert pixel_hash(own.render(recipe, on_step=amid).image) == wanted

    def stop(step: int, _: int) -> None:
        if step == 5:
            raise Stopped

    state = tmp_path / "state"
    with suppress(Stopped):
        own.render(recipe, on_step=stop, resume=state)
    said = [msgspec.json.encode(one).decode() for one in (model, recipe)]
    command = [sys.executable, "-c", _RESUME, str(zoo_models), *said, str(state)]
    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert again.stdout.split() == [wanted, "False"], again.stderr


def test_what_families_claim(zoo_models: Path, draft: Recipe) -> None:
    """With each kind that a family names it draws, and otherwise than without."""
    engine, claimed = zoo.engine(zoo_models), set()
    for family in zoo.FAMILIES:
        pipe = engine.load(family).pipe
        said = pipelines.family(pipe).step_caches
        assert not said or hasattr(pipelines.denoiser(pipe), "enable_cache")
        if family in _CACHED:
            continue  # above
        plain = Model(f"./{family}", name="plain")
        models = {
            model_name(one): one
            for one in (plain, *(replace(plain, step_cache=_EASY[kind]) for kind in said))
        }
        own = Engine(models, zoo_models, "cpu", 1)
        drawn = {}
        for name, model in models.items():
            drawn[name] = pixel_hash(own.render(_recipe(draft, family, model)).image)
        assert len(set(drawn.values())) == len(drawn), family
        claimed |= {family} if said else set()
    assert claimed >= {"klein", "flux2", "chroma", "schnell"}


def test_a_changed_profile(zoo_models: Path, draft: Recipe) -> None:
    """Pictures from before and after the key was changed are made again as they were."""
    plain = Model("./dev", name="mine")
    cached = replace(plain, step_cache="taylor")
    recipes = [_recipe(draft, "dev", model) for model in (plain, cached)]
    both = Engine({"mine": plain, model_name(cached): cached}, zoo_models, "cpu", 1)
    wanted = [pixel_hash(both.render(recipe).image) for recipe in recipes]
    assert wanted[0] != wanted[1]
    for model in (plain, cached, replace(plain, step_cache="first-block")):
        now = Engine({model_name(model): model}, zoo_models, "cpu", 1)
        assert [pixel_hash(now.render(recipe).image) for recipe in recipes] == wanted
    nonsense = replace(recipes[1], model="mine with step cache taylor 99")
    with pytest.raises(ModelMissingError, match="did you mean"):
        both.render(nonsense)


def test_the_name_says_it() -> None:
    """The number is a part of it, also where the profile says none, and at every revision."""
    model = Model("Qwen/Qwen-Image", step_cache="first-block", quantize="int8")
    assert model_name(model) == "Qwen/Qwen-Image with step cache first-block 0.1 in int8"
    assert at_revision(model_name(model), "abc").startswith("Qwen/Qwen-Image@abc with step cache")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("teacache", "expected one of 'first-block', 'taylor'"),
        ("taylor 2.5", "expected 'taylor', with a number from 2 to 9 or without one"),
        ("first-block 3", "expected 'first-block', with a number from 0.01 to 0.5 or without one"),
        ("first-block nan", "expected 'first-block', with a number"),
    ],
)
def test_what_it_may_say(said: str, says: str) -> None:
    """A sentence says what was expected, at the key."""
    table = {"model": {"source": "shipped:postcard", "step_cache": said}}
    with pytest.raises(MistakesError) as told:
        resolve("p", {"p": table})
    (mistake,) = told.value.mistakes
    assert mistake.where == "model.step_cache"
    assert mistake.says.startswith(says)


@pytest.mark.parametrize(
    ("source", "more", "says"),
    [
        ("shipped:postcard", {}, "StableDiffusion models have no blocks to guess steps by; leave"),
        ("./klein", {"step_cache": "first-block"}, 'guess steps in this way; write "taylor"'),
        ("./dev", {"compile": True}, "it cannot be compiled as well; leave out compile"),
    ],
)
def test_where_it_cannot_be(
    zoo_models: Path, draft: Recipe, source: str, more: dict[str, Any], says: str
) -> None:
    """The same sentence when a profile is checked and when it is drawn with."""
    model = Model(source, **{"step_cache": "taylor", **more})
    profile = replace(load.nobody().profile("postcard"), model=model)
    told = [one.says for one in validate.troubles({"p": profile}, zoo_models) if says in one.says]
    assert len(told) == 1
    with pytest.raises(RenderError) as refused:
        Engine({model_name(model): model}, zoo_models, "cpu", 1).render(
            replace(draft, model=model_name(model))
        )
    assert str(refused.value) == f"model.step_cache: {told[0]}"
