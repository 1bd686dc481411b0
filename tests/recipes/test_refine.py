"""Refinements of a picked picture."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.recipes import profile as profiles
from hotfolder.recipes.encoding import Encoding
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.recipe import MAX_SIDE_PX, Pixels, Recipe, drafted
from hotfolder.recipes.refine import key, refine

DRAFT = Recipe(
    prompt="a castle",
    negative_prompt="text",
    seed=1,
    width=980,
    height=653,
    multiple=8,
    model="a/b",
    scheduler="Euler",
    steps=20,
    guidance_scale=7.0,
)
FOREIGN = Pixels(sha256="0" * 64, width=1600, height=900)


def profile(**refinement: Any) -> Profile:
    table = {"model": {"source": "a/b"}, "steps": 25, "scheduler": "Euler", "refine": refinement}
    return profiles.resolve("own", {"own": table})


@given(st.integers(200, 3000), st.integers(200, 3000), st.sampled_from([8, 16]))
@settings(max_examples=100)
def test_the_aspect_is_kept(width: int, height: int, multiple: int) -> None:
    """A final has its source's aspect within 1 % and the refinement's area within 2 %."""
    source = msgspec.structs.replace(DRAFT, width=width, height=height)
    model = {"source": "a/b", "multiple": multiple}
    own = profiles.resolve("own", {"own": {"model": model}})
    for recipe in refine(source, own, "", ""):
        assert recipe.width / recipe.height == pytest.approx(width / height, rel=0.01)
        assert recipe.width * recipe.height == pytest.approx(1_000_000, rel=0.02)


def test_a_ribbon_fits_into_a_recipe() -> None:
    """The narrowest picture that can be dropped has refinements that can be read again."""
    source = Pixels(sha256="0" * 64, width=MAX_SIDE_PX, height=16)
    assert all(recipe.width <= MAX_SIDE_PX for recipe in refine(source, profile(), "", ""))


def test_seeds_differ() -> None:
    """Each final of each source has a seed of its own, the same one every time."""
    ours, foreign = refine(DRAFT, profile(), "", ""), refine(FOREIGN, profile(), "", "")
    assert len({recipe.seed for recipe in (*ours, *foreign)}) == 6
    assert ours == refine(DRAFT, profile(), "", "")


def test_more_finals_keep_the_first() -> None:
    """A larger count adds finals and changes none."""
    assert refine(DRAFT, profile(count=5), "", "")[:3] == refine(DRAFT, profile(), "", "")
    assert refine(DRAFT, profile(count=0), "", "") == ()


def test_the_prompt_comes_along() -> None:
    """A picture of ours brings its prompt; that of another is given."""
    ours = refine(DRAFT, profile(), "other", "other")[0]
    assert (ours.prompt, ours.negative_prompt) == ("a castle", "text")
    foreign = refine(FOREIGN, profile(), "a hill", "fog")[0]
    assert (foreign.prompt, foreign.negative_prompt) == ("a hill", "fog")


def test_strengths_go_round() -> None:
    """A list of strengths is gone through, and begun again."""
    recipes = refine(DRAFT, profile(count=4, strength=[0.3, 0.5, 0.7]), "", "")
    assert [recipe.strength for recipe in recipes] == [0.3, 0.5, 0.7, 0.3]


def test_own_sampling() -> None:
    """What the refinement leaves open is as for drafts; a guidance scale of 0 is no omission."""
    plain = refine(DRAFT, profile(), "", "")[0]
    assert (plain.steps, plain.scheduler, plain.guidance_scale) == (25, "Euler", 7.0)
    own = refine(DRAFT, profile(steps=40, scheduler="Heun", guidance_scale=0), "", "")[0]
    assert (own.steps, own.scheduler, own.guidance_scale) == (40, "Heun", 0.0)
    assert own.source == DRAFT


def test_key() -> None:
    """A picture is known by its recipe, or by its pixels where it has none."""
    assert key(DRAFT) == DRAFT.id
    assert key(FOREIGN) == FOREIGN.sha256


def test_what_a_file_lost_is_lost_to_its_finals() -> None:
    """A rendered source in a lossy file is taken as that shows it; others are as they are."""
    lossy, lossless = Encoding("jpeg", 92), Encoding("webp")
    for source, encoding, found in (
        (DRAFT, lossy, lossy),
        (DRAFT, lossless, None),
        (FOREIGN, lossy, None),
    ):
        for recipe in refine(source, profile(), "", "", encoding):
            assert recipe.source_encoding == found
    plain, seen = refine(DRAFT, profile(), "", ""), refine(DRAFT, profile(), "", "", lossy)
    assert [recipe.seed for recipe in plain] == [recipe.seed for recipe in seen]


@pytest.mark.parametrize("area", ["1920x1080", "768x1024", "640x640"])
def test_an_area_need_not_be_square(area: str) -> None:
    """Its product counts, whatever the aspect of the source."""
    width, height = map(int, area.split("x"))
    (recipe, *_) = refine(FOREIGN, profile(area=area), "a castle", "")
    assert recipe.width * recipe.height == pytest.approx(width * height, rel=0.03)


def test_seeds_and_sides_stay_what_they_were() -> None:
    """A pick gives the same finals in every version of the program."""
    wide = Pixels(sha256="0" * 64, width=1067, height=600)
    recipes = refine(wide, profile(), "a castle", "")
    assert [recipe.seed for recipe in recipes] == [554816985, 1875746827, 4014070117]
    assert {(recipe.width, recipe.height) for recipe in recipes} == {(1334, 750)}


def test_the_draft_behind_a_final_of_a_foreign_picture() -> None:
    """There is none, so it is the final itself: more like it can be drafted."""
    final = refine(FOREIGN, profile(), "a castle", "")[0]
    assert drafted(final) is final
