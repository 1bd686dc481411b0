"""TOML prompt files: their keys, their overrides, and what contradicts itself."""

from __future__ import annotations

import msgspec
import pytest

from hotfolder.errors import MistakesError
from hotfolder.prompts import keys
from hotfolder.prompts.toml import parse
from hotfolder.recipes import profile
from hotfolder.recipes.prompt import Prompt


def says(text: str) -> list[str]:
    with pytest.raises(MistakesError) as raised:
        parse(text)
    return [str(found) for found in raised.value.mistakes]


def test_all_keys() -> None:
    """Each key finds its place; profile keys become overrides as they were written."""
    text = """
        prompts = [" a castle ", "a hill"]
        fixed = "oil on canvas"
        random = [["red", "blue"], ["sun", "rain"]]
        negative = "text"
        profile = "postcard"
        count = "endless"
        seed = 7
        aspect = ["3:2", "1:1"]
        steps = 9
        guidance_scale = 3
        scheduler = "Euler a"
        [draft]
        area = "300x300"
        [refine]
        strength = [0.4, 0.6]
    """
    first, second = parse(text)
    assert second == msgspec.structs.replace(first, text="a hill")
    assert first == Prompt(
        text="a castle",
        negative="text",
        fixed=("oil on canvas",),
        random=(("red", "blue"), ("sun", "rain")),
        profile="postcard",
        count="endless",
        seed=7,
        overrides={
            "steps": 9,
            "guidance_scale": 3,
            "scheduler": "Euler a",
            "draft": {"area": "300x300", "aspect": ["3:2", "1:1"]},
            "refine": {"strength": [0.4, 0.6]},
        },
    )


def test_the_shortest_file() -> None:
    """One line is enough, and says nothing but the prompt."""
    assert parse('prompt = "a castle"') == (Prompt(text="a castle"),)


def test_parts_alone_are_a_prompt() -> None:
    """Random and fixed parts need no prompt beside them."""
    (prompt,) = parse('random = ["a castle", "a hill"]\nfixed = ["", "in snow"]')
    assert (prompt.text, prompt.random) == ("", (("a castle", "a hill"),))
    assert prompt.fixed == ("in snow",)


def test_an_exact_size() -> None:
    """A size is kept as it is; it is no override of the area."""
    (prompt,) = parse('prompt = "a castle"\nsize = "800x600"\ncount = 3')
    assert (prompt.size, prompt.count, prompt.overrides) == ("800x600", 3, {})


def test_every_profile_key_is_an_override() -> None:
    """A key that a profile has can be set by a prompt file, or is the owner's alone."""
    ours = {field.name for field in msgspec.structs.fields(keys.File)}
    theirs = {field.name for field in msgspec.structs.fields(profile.Profile)}
    assert theirs - profile.OWNER_ONLY <= ours
    assert set(keys.OVERRIDES) <= theirs


def test_all_mistakes_at_once() -> None:
    """Unknown, forbidden, wrong and contradicting keys come in one list."""
    found = says('promt = "a"\nmodel = "b"\nstep = 3\nseed = -1\nsize = "1x1"\naspect = "3:2"')
    assert [sentence.partition(":")[0] for sentence in found] == [
        "model",
        "aspect",
        "promt",
        "step",
        "seed",
        "size",
    ]


def test_an_aspect_given_twice() -> None:
    """`aspect` and `draft.aspect` mean the same."""
    assert says('prompt = "a"\naspect = "3:2"\n[draft]\naspect = "1:1"') == [
        "aspect: this is in the table draft already"
    ]


@pytest.mark.parametrize("text", ["x = " + "[" * 10_000, "steps = " + "9" * 5000, "\0", "="])
def test_absurd_files_get_a_sentence(text: str) -> None:
    """What TOML's reader chokes on is a mistake like any other."""
    assert says(text)


WHOLE = """prompt = "a castle"
count = 3
random = [["a", "b"], ["c"]]
[refine]
strength = [0.4, 0.5]
area = '800x800'
"""


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_wherever_a_file_is_cut_off_a_reason_is_said(end: int) -> None:
    """Never a line number without what is wrong there."""
    try:
        parse(WHOLE[:end])
    except MistakesError as error:
        assert all(len(mistake.says) > 5 for mistake in error.mistakes), error.mistakes
