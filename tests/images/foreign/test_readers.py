"""All readers together."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.images.foreign import readers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from tests import samples
from tests.images.foreign.pictures import params, png
from tests.images.foreign.test_comfyui import PLAIN
from tests.images.foreign.test_fooocus import JSON
from tests.images.foreign.test_invokeai import CORE
from tests.images.foreign.test_swarmui import SWARM

KEYWORDS = ["parameters", "prompt", "invokeai_metadata", "sd-metadata", "DgenerateConfig"]
TEXTS = [json.dumps(part) for part in (PLAIN, JSON, CORE, SWARM)]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_program_s_own_form_comes_before_the_common_text() -> None:
    """Some write both."""
    said = params(png(parameters="x\nSteps: 4, Seed: 1, Size: 64x64", prompt=PLAIN))
    assert said is not None
    assert said.program == "ComfyUI"


@pytest.mark.parametrize("name", samples.PICTURES)
def test_pictures_of_no_program_are_declined(name: str) -> None:
    """What picture programs left in the samples is A1111's text or nothing."""
    if name.startswith("hostile/"):
        return
    said = params(samples.sample(name))
    assert said is None or (said.program, said.seed) == ("A1111", 7) or said.prompt


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_in_any_place_is_answered(data: st.DataObject) -> None:
    """Take what a program writes, put something else into one place: an answer, and no error."""
    keyword = data.draw(st.sampled_from(KEYWORDS))
    tree = json.loads(data.draw(st.sampled_from(TEXTS)))
    place = tree
    for _ in range(data.draw(st.integers(0, 3))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        inside = [key for key in keys if isinstance(place[key], dict | list) and place[key]]
        if not inside:
            break
        place = place[data.draw(st.sampled_from(inside))]
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    place[data.draw(st.sampled_from(keys))] = data.draw(values)
    text = json.dumps(tree)
    said = readers.read(Metadata(24, 16, ((keyword, text),)))
    assert said is None or _is_bounded(said)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KEYWORDS), st.text())
def test_any_text_is_answered(keyword: str, text: str) -> None:
    """Rubbish under any keyword."""
    said = readers.read(Metadata(24, 16, ((keyword, text),)))
    assert said is None or _is_bounded(said)


def _is_bounded(said: GenerationParams) -> bool:
    json.dumps([said.prompt, said.model, said.others]).encode()
    return len(said.loras) <= 64 and len(said.model) <= 256
