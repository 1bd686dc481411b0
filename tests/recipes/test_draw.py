"""Drafts: a prompt, a profile and a number decide everything, and nothing else does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.recipes import profile as profiles
from hotfolder.recipes.draw import SEED_RANGE, derive, draw, template
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Pixels, Recipe

CASTLE = Prompt(text="a castle", literal=True)


def profile(**table: Any) -> Profile:
    return profiles.resolve("own", {"own": {"model": {"source": "a/b"}, **table}})


def drawn(prompt: Prompt = CASTLE, ordinal: int = 0, salt: str = "salt", **table: Any) -> Recipe:
    return draw(prompt, profile(**table), ordinal, salt, {})


@given(st.text(max_size=20), st.integers(0, 10_000), st.text(max_size=20))
@settings(max_examples=50)
def test_same_inputs_same_recipe(text: str, ordinal: int, salt: str) -> None:
    """Drawing twice gives one recipe; another ordinal or another studio gives another."""
    prompt = Prompt(text=text, literal=True)
    recipe = drawn(prompt, ordinal, salt)
    assert recipe == drawn(Prompt(text=text, literal=True), ordinal, salt)
    assert recipe.seed != drawn(prompt, ordinal + 1, salt).seed
    assert recipe.seed != drawn(prompt, ordinal, salt + "x").seed
    assert recipe.seed < SEED_RANGE


def test_words_of_a_key_are_kept_apart() -> None:
    """Draft 1 of a studio whose salt ends in a digit is not draft 11 of another."""
    assert derive(SEED_RANGE, "a", "b") != derive(SEED_RANGE, "ab", "")


def test_explicit_seed() -> None:
    """A prompt's own seed counts up with the drafts, in every studio."""
    prompt = Prompt(text="a castle", literal=True, seed=41)
    assert [drawn(prompt, ordinal).seed for ordinal in range(3)] == [41, 42, 43]
    assert drawn(prompt, 1, "here") == drawn(prompt, 1, "there")


def test_the_profile_decides_the_rest() -> None:
    """Model, multiple, scheduler, steps and guidance are the profile's."""
    recipe = drawn(scheduler="Euler", steps=12, guidance_scale=3, negative="text")
    assert (recipe.model, recipe.multiple) == ("a/b", 8)
    assert (recipe.scheduler, recipe.steps, recipe.guidance_scale) == ("Euler", 12, 3.0)
    assert (recipe.negative_prompt, recipe.strength, recipe.source) == ("text", None, None)


def test_the_prompts_own_negative_goes_first() -> None:
    """A prompt's negative takes the place of the profile's."""
    prompt = Prompt(text="a castle", literal=True, negative="fog")
    assert drawn(prompt, negative="text").negative_prompt == "fog"


def test_aspects_are_spread_evenly() -> None:
    """Every tenth of the range, on a logarithmic scale, gets its share; the area stays."""
    table = {"draft": {"area": "800x800", "aspect": "1:2 to 2:1"}}
    recipes = [drawn(ordinal=ordinal, **table) for ordinal in range(600)]
    for recipe in recipes:
        assert 0.495 <= recipe.width / recipe.height <= 2.02
        assert recipe.width * recipe.height == pytest.approx(640_000, rel=0.02)
    landscape = sum(recipe.width > recipe.height for recipe in recipes)
    extreme = sum(not 0.757 <= recipe.width / recipe.height <= 1.32 for recipe in recipes)
    assert 240 < landscape < 360
    assert 300 < extreme < 420


def test_an_aspect_of_a_list() -> None:
    """Each of a list of aspects is drawn about as often as the others."""
    table = {"draft": {"aspect": ["1:1", "3:2", "2:3"]}}
    found = Counter(
        round(recipe.width / recipe.height, 1)
        for recipe in (drawn(ordinal=ordinal, **table) for ordinal in range(300))
    )
    assert set(found) == {1.0, 1.5, 0.7}
    assert min(found.values()) > 70


def test_a_fixed_size() -> None:
    """A prompt's own size is taken to the pixel."""
    recipe = drawn(Prompt(text="a castle", literal=True, size="641x337"))
    assert (recipe.width, recipe.height) == (641, 337)


def test_from_a_picture() -> None:
    """Drafts of a picture keep its aspect, at the drafts' area and the first strength."""
    source = Pixels(sha256="0" * 64, width=3000, height=1000)
    recipe = drawn(Prompt(text="", literal=True, source=source), refine={"strength": [0.3, 0.6]})
    assert (recipe.source, recipe.strength) == (source, 0.3)
    assert recipe.width / recipe.height == pytest.approx(3, rel=0.01)
    assert recipe.width * recipe.height == pytest.approx(640_000, rel=0.02)


def test_fixed_and_random_parts() -> None:
    """The prompt, then one of each random list, then the fixed parts; the profile's come last."""
    prompt = Prompt(text=" a castle ", literal=True, fixed=("oil",), random=(("red", "blue"),))
    texts = {
        drawn(prompt, ordinal, fixed="sharp", random=["", "fog"]).prompt for ordinal in range(60)
    }
    assert texts == {
        "a castle, red, oil, sharp",
        "a castle, blue, oil, sharp",
        "a castle, red, fog, oil, sharp",
        "a castle, blue, fog, oil, sharp",
    }
    written = template(prompt, profile(fixed="sharp", random=["", "fog"]))
    assert written == "a castle, {red|blue}, {|fog}, oil, sharp"


def test_literal_text_is_not_expanded() -> None:
    """Braces of a literal prompt stand in its picture's recipe as they were written."""
    assert drawn(Prompt(text="{a|b} __c__", literal=True)).prompt == "{a|b} __c__"


def test_the_count_is_no_part_of_the_request() -> None:
    """A larger count goes on where the smaller one ended; endless is another request."""
    assert Prompt(text="a", count=3).digest == Prompt(text="a", count=5).digest
    assert Prompt(text="a", count=3).digest != Prompt(text="a", count="endless").digest
    others = [Prompt(text="b"), Prompt(text="a", seed=1), Prompt(text="a", overrides={"steps": 3})]
    assert len({Prompt(text="a").digest, *(other.digest for other in others)}) == 4


def test_seeds_and_sides_stay_what_they_were() -> None:
    """The next draft of a prompt is the same in every version of the program."""
    assert derive(SEED_RANGE, "salt", "digest", "0") == 222934719
    recipe = drawn()
    assert (recipe.seed, recipe.width, recipe.height) == (1627014788, 898, 712)
