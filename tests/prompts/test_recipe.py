"""A recipe as a prompt file: exactly that draft."""

from __future__ import annotations

import msgspec
import pytest

from hotfolder.errors import MistakesError
from hotfolder.images.recipe_text import document
from hotfolder.prompts import formats
from hotfolder.recipes.draw import draw
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.record import Record
from tests.images.made import RECIPE
from tests.test_plan import PROFILE

RECORD = Record(stage="draft", pixels="0" * 64, profile="postcard")


def _asked(profile: Profile, **changes: object) -> object:
    wanted = msgspec.structs.replace(RECIPE, **changes)
    (prompt,) = formats.parse_text(".recipe", document(wanted, RECORD) + "\n")
    drawn = draw(prompt, profile, 7, "any salt", {})
    assert prompt.count == 1 and prompt.profile == "postcard"
    return drawn == wanted


def test_it_is_drawn_as_it_is_written() -> None:
    """Whatever profile, salt and number say, and whatever its prompt looks like."""
    assert _asked(PROFILE)
    assert _asked(PROFILE, prompt="a {castle|boat} by __the__ (sea:1.2)", seed=3)


@pytest.mark.parametrize("text", ["", "a castle", "{}", '{"recipe": {}, "record": {}}'])
def test_what_is_none_is_told(text: str) -> None:
    """In a sentence."""
    with pytest.raises(MistakesError, match="recipe"):
        formats.parse_text(".recipe", text)


def test_a_refinement_needs_its_source() -> None:
    """So it cannot be asked for like this, and the sentence says how."""
    final = msgspec.structs.replace(RECIPE, source=RECIPE, strength=0.5)
    with pytest.raises(MistakesError, match="put that picture into seeds/"):
        formats.parse_text(".recipe", document(final, RECORD))
