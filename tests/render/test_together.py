"""Drafts that are drawn together: each is made again alone, whatever its neighbours were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.render.engine import Engine
from hotfolder.render.rendered import Rendered
from tests.render import tiny, tiny_dit

TOLD = ["resident, place 1 of 3", "resident, place 2 of 3", "resident, place 3 of 3"]


def changed(recipe: Recipe, **values: object) -> Recipe:
    """`recipe` with other values."""
    return msgspec.structs.replace(recipe, **values)


def three(draft: Recipe, **values: object) -> list[Recipe]:
    """Three drafts that can be drawn together."""
    first = changed(draft, **values)
    return [first, changed(first, seed=8, prompt="a boat"), changed(first, seed=9)]


def drawn(engine: Engine, recipes: list[Recipe]) -> list[tuple[str, str]]:
    """The pixel hash and memory plan of each, drawn with the first one where that can be."""
    made = [batch(engine, recipes)[at] for at in range(len(recipes))]
    return [(pixel_hash(one.image), one.facts.memory_plan) for one in made]


def batch(engine: Engine, recipes: list[Recipe], **others: Any) -> dict[int, Rendered]:
    """All of these, each drawn with the first one where that can be, or else by itself."""
    drawn = engine.render_batch(recipes, **others)
    alone = range(len(recipes)) - drawn.keys()
    return drawn | {at: engine.render(recipes[at]) for at in alone}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_each_is_made_again_alone(engine: Engine, draft: Recipe, scheduler: str) -> None:
    """With every scheduler: by its record it gets the same bits, and others have its bits not."""
    recipes = three(draft, scheduler=scheduler, guidance_scale=3.0)
    made = drawn(engine, recipes)
    assert [plan for _, plan in made] == TOLD
    assert len({pixels for pixels, _ in made}) == 3
    for recipe, (pixels, plan) in zip(recipes, made, strict=True):
        again = engine.render(recipe, plan=plan)
        assert pixel_hash(again.image) == pixels
        assert again.facts.memory_plan == plan


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_they_are_the_pictures_that_they_are_alone(
    engine: Engine, draft: Recipe, model: str
) -> None:
    """To the eye: no value is more than two of 255 from the picture that was drawn alone."""
    recipes = three(draft, model=model, negative_prompt="fog")
    for at, one in engine.render_batch(recipes).items():
        recipe = recipes[at]
        alone = engine.render(recipe)
        assert alone.facts.memory_plan == "resident"
        difference = np.asarray(alone.image, np.int16) - np.asarray(one.image, np.int16)
        assert np.abs(difference).max() <= 2


def test_neighbours_change_nothing(engine: Engine, draft: Recipe) -> None:
    """The same draft in the same place among others has the same bits."""
    first, second, third = three(draft)
    others = [changed(second, prompt="a wood", seed=1), changed(third, seed=2)]
    with_some = drawn(engine, [first, second, third])
    with_others = drawn(engine, [first, *others])
    assert with_some[0] == with_others[0]
    assert with_some[1] != with_others[1]


def test_a_prompt_of_another_length_is_drawn_by_itself(engine: Engine, draft: Recipe) -> None:
    """A prompt that takes more chunks to read does not fit in."""
    first, second, third = three(draft)
    long = changed(second, prompt="a castle by the sea, " * 12)
    plans = [plan for _, plan in drawn(engine, [first, long, third])]
    assert plans == ["resident, place 1 of 2", "resident", "resident, place 2 of 2"]


def test_a_refinement_between_two_steps(engine: Engine, draft: Recipe, final: Recipe) -> None:
    """It has the bits that it has alone, and so have the drafts."""
    recipes = three(draft)
    source = Image.new("RGB", (70, 52), "orange")
    alone = pixel_hash(engine.render(final, source).image)
    made, between = drawn(engine, recipes), []

    def refine(step: int, steps: int) -> None:
        if step == 2:
            between.append(pixel_hash(engine.render(final, source).image))

    interrupted = engine.render_batch(recipes, on_step=refine)
    assert between == [alone]
    assert [pixel_hash(interrupted[at].image) for at in range(3)] == [pixels for pixels, _ in made]


def test_stopped_and_gone_on_with(engine: Engine, draft: Recipe, tmp_path: Path) -> None:
    """The state of all is saved; with other neighbours it is not used."""
    recipes = three(draft)
    made, steps, state = drawn(engine, recipes), [], tmp_path / "state"

    def stop(step: int, _: int) -> None:
        steps.append(step)
        if step == 2:
            raise Stopped

    for again, first in ((recipes, 3), ([recipes[0], recipes[2], recipes[1]], 1)):
        with pytest.raises(Stopped):
            engine.render_batch(recipes, on_step=stop, resume=state)
        steps[:] = []
        gone_on = engine.render_batch(again, on_step=lambda s, _: steps.append(s), resume=state)
        assert steps[0] == first
        assert pixel_hash(gone_on[0].image) == made[0][0]
        assert pixel_hash(gone_on[1].image) == made[1][0] or first == 1


def test_other_families(tmp_path: Path, draft: Recipe) -> None:
    """LCM reads by CLIP alone; what reads by T5 passes over the other drafts."""
    tiny.latent_consistency(tmp_path / "lcm")
    tiny_dit.pixart(tmp_path / "pixart")
    engine = Engine({n: Model(source=f"./{n}") for n in ("lcm", "pixart")}, tmp_path, "cpu", 1)
    lcm, pixart = (three(draft, model=name, scheduler="model") for name in ("lcm", "pixart"))
    made = drawn(engine, lcm)
    assert [plan for _, plan in made] == TOLD
    assert pixel_hash(engine.render(lcm[1], plan=TOLD[1]).image) == made[1][0]
    assert [plan for _, plan in drawn(engine, pixart)] == ["resident"] * 3


def test_memory_decides_how_many(models: Path, draft: Recipe) -> None:
    """Where there is room for one alone, each is drawn alone."""
    offered = {"sd": Model(source="./sd", multiple=tiny.MULTIPLE)}
    small = Engine(offered, models, "cpu", 1, memory_bytes=1)
    assert all("place" not in plan for _, plan in drawn(small, three(draft)))
