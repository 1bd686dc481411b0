"""Dropped pictures: more like our own, drafts from anyone else's."""

from __future__ import annotations

import msgspec
import pytest

from hotfolder.errors import MistakesError
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts.picture import parse
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe

DRAFT = Recipe(
    prompt="a {castle}",
    negative_prompt="text",
    seed=7,
    width=320,
    height=208,
    multiple=16,
    model="postcard",
    scheduler="Euler",
    steps=12,
    guidance_scale=4.0,
)
FINAL = msgspec.structs.replace(DRAFT, seed=8, steps=30, width=400, strength=0.5, source=DRAFT)
LIKE_IT = Prompt(
    text="a {castle}",
    negative="text",
    literal=True,
    overrides={
        "steps": 12,
        "guidance_scale": 4.0,
        "scheduler": "Euler",
        "draft": {"aspect": "20:13"},
    },
)


@pytest.mark.parametrize("recipe", [DRAFT, FINAL])
def test_our_own_picture_asks_for_more_like_it(recipe: Recipe) -> None:
    """A draft, and a final made of it, give the draft's prompt and settings with new seeds."""
    assert parse(recipe, GenerationParams(prompt="other"), "a hill") == (LIKE_IT,)


def test_a_stranger_s_scheduler_and_shape_are_left_out() -> None:
    """A recipe with a scheduler or an aspect that no profile allows still gives its prompt."""
    odd = msgspec.structs.replace(DRAFT, scheduler="new one", width=16, height=1600)
    (prompt,) = parse(odd, None, None)
    assert prompt.overrides == {"steps": 12, "guidance_scale": 4.0}


def test_a_text_beside_it_is_its_prompt() -> None:
    """Each paragraph of the text file makes drafts from the picture."""
    assert parse(None, GenerationParams(prompt="other"), "a castle\n\na {red|blue} hill") == (
        Prompt(text="a castle"),
        Prompt(text="a {red|blue} hill"),
    )


def test_another_program_s_prompt_is_used() -> None:
    """Without a text file it is what the program said, for whom a profile is found later."""
    said = GenerationParams(prompt="a castle", seed=5, steps=9)
    assert parse(None, said, None) == (said,)


@pytest.mark.parametrize("params", [None, GenerationParams(prompt="")])
def test_a_silent_picture_needs_a_text(params: GenerationParams | None) -> None:
    """A picture that says nothing asks for a text file."""
    with pytest.raises(MistakesError, match=r"put a text file NAME\.txt with a prompt beside it"):
        parse(None, params, None)
