"""Prompts against profiles and word lists: everything wrong at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hotfolder.errors import MistakesError
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts.check import check
from hotfolder.prompts.paragraphs import from_params
from hotfolder.prompts.text import parse
from hotfolder.recipes import draw, profile, recipe
from hotfolder.recipes.prompt import Prompt

TABLES: dict[str, dict[str, Any]] = {
    "plain": {"model": {"source": "shipped:postcard"}},
    "broken": {"model": {"source": "shipped:postcard"}, "steps": 0},
    "long": {"model": {"source": "shipped:postcard"}, "fixed": "x" * 603},
    "wordy": {"model": {"source": "shipped:postcard"}, "fixed": "__mood__"},
}


def says(*prompts: Prompt, default: str = "plain") -> list[str]:
    try:
        check(prompts, TABLES, default, {"animals": ["fox"]})
    except MistakesError as error:
        return [str(found) for found in error.mistakes]
    return []


def test_good_prompts_pass() -> None:
    """Nothing is said of what works; a literal prompt's underscores are no word list."""
    prompts = [
        Prompt(text="a __animals__", overrides={"steps": 9}),
        Prompt(text="an __unknown__ thing", literal=True),
        Prompt(text="", random=(("a", "b"),)),
    ]
    assert says(*prompts) == []


def test_everything_is_said_at_once() -> None:
    """Overrides, profiles and word lists of several prompts come in one list, each once."""
    assert says(
        Prompt(text="a __animal__", overrides={"steps": -1, "model": {}}),
        Prompt(text="a __animals__", profile="plian"),
        Prompt(text="a castle", profile="plian"),
    ) == [
        "model: a prompt file cannot choose this; put it into a file in profiles/ and name that "
        'file here with profile = "..."',
        "steps: expected a whole number from 1 to 1,000, got -1",
        'prompt 1 ("a __animal__"), __animal__: there is no word list wildcards/animal.txt; '
        "did you mean 'animals'?",
        "profile: there is no profile 'plian'; did you mean 'plain'?",
    ]


def test_a_broken_profile_is_named() -> None:
    """A mistake of the owner's profile says which profile it is in."""
    assert says(Prompt(text="a castle"), default="broken") == [
        "profile broken, steps: expected a whole number from 1 to 1,000, got 0"
    ]


def test_parts_of_the_profile_are_checked_too() -> None:
    """A word list that the profile's fixed parts name must be there."""
    assert says(Prompt(text="a castle", profile="wordy"))[0].startswith("__mood__: there is no")


def test_an_empty_prompt_is_said() -> None:
    """A prompt without any text or part shows nothing."""
    assert says(Prompt(text=" ")) == ["this prompt is empty; expected what the picture should show"]


@pytest.mark.parametrize("steps", [1, 2, 30])
@pytest.mark.parametrize("size", ["16x256", "512x768", "16384x1024", "1x1"])
def test_what_passes_can_be_drawn(steps: int, size: str) -> None:
    """A pasted text of any steps and shape becomes a recipe that can be read again."""
    (said,) = parse(f"x\nSteps: {steps}, Seed: {2**63 - 1}, CFG scale: 100, Size: {size}")
    assert isinstance(said, GenerationParams)
    prompt = from_params(said)
    check([prompt], TABLES, "plain", {})
    laid = profile.override(profile.resolve("plain", TABLES), prompt.overrides)
    made = draw.draw(prompt, laid, 3, "salt", {})
    assert made.steps == steps
    assert recipe.from_builtins(json.loads(recipe.canonical(made))) == made


@pytest.mark.parametrize("literal", [True, False])
def test_a_prompt_that_no_picture_carries_is_said(literal: bool) -> None:
    """20 kB of any script pass; more than a final can carry is said before anything is made."""
    check([Prompt(text="狐" * 6_700, negative="🦊" * 5_000, literal=literal)], TABLES, "plain", {})
    long = Prompt(text="🦊" * 30_000, literal=literal)
    assert says(long)[0].startswith("a picture cannot carry this prompt: its prompts and those of")
    longer = says(Prompt(text="a" * 65_000, literal=literal), default="long")[0]
    assert "65,605 characters; expected at most 65,536" in longer
