"""Profiles: what they extend, what is wrong with them, and what a prompt file may change."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.errors import MistakesError
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.draw import draw
from hotfolder.recipes.encoding import Encoding
from hotfolder.recipes.model import LoraFile, Model, model_name, together
from hotfolder.recipes.profile import Profile, Refine
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Lora, canonical, from_builtins
from hotfolder.recipes.refine import refine

MODEL = {"source": "someone/something", "multiple": 16}
BASE = {"model": MODEL, "steps": 20, "draft": {"area": "640x640", "count": 2}}


def resolve(**table: Any) -> Profile:
    return profiles.resolve("own", {"base": BASE, "own": table})


def says(**table: Any) -> str:
    with pytest.raises(MistakesError) as raised:
        resolve(**table)
    return str(raised.value)


def test_defaults() -> None:
    """A model is all that a profile needs; areas are those of the flow's description."""
    plain = resolve(model={"source": "a/b"})
    assert (plain.draft.area, plain.refine.area, plain.refine.count) == ("800x800", "1000x1000", 3)


def test_extends() -> None:
    """A profile is laid over what it extends, table by table."""
    own = resolve(extends="base", steps=30, draft={"count": 5})
    assert own.model == Model(source="someone/something", multiple=16)
    assert (own.steps, own.draft.area, own.draft.count) == (30, "640x640", 5)


def test_extends_over_generations() -> None:
    """The nearest profile of a chain decides."""
    tables = {
        "a": BASE,
        "b": {"extends": "a", "steps": 30, "negative": "text"},
        "c": {"extends": "b", "steps": 40},
    }
    found = profiles.resolve("c", tables)
    assert (found.steps, found.negative, found.draft.count) == (40, "text", 2)


def test_extends_in_a_circle() -> None:
    """A circle is shown as it goes round."""
    tables = {"a": {"extends": "b"}, "b": {"extends": "c"}, "c": {"extends": "a"}}
    with pytest.raises(MistakesError, match="circle: a -> b -> c -> a"):
        profiles.resolve("a", tables)
    assert "circle: own -> own" in says(extends="own")


def test_unknown_names() -> None:
    """An unknown profile is answered with the nearest known one."""
    assert says(extends="bass") == "extends: there is no profile 'bass'; did you mean 'base'?"
    with pytest.raises(MistakesError, match="profile: there is no profile 'bsae'; did you mean"):
        profiles.resolve("bsae", {"base": BASE})
    assert says(extends=3) == "extends: expected the name of a profile in quotes"


def test_all_mistakes_at_once() -> None:
    """Each wrong key is named, in its table, with the nearest valid word."""
    text = says(
        model={"source": "a/b", "multipel": 8},
        scheduler="Eular",
        steps=0,
        draft={"area": "big", "aspect": ["3:2", "wide"]},
        refine={"strength": [0.5, 2], "scheduler": "Eular"},
    )
    keys = {line.partition(":")[0] for line in text.splitlines()}
    assert keys == {
        "model.multipel",
        "scheduler",
        "steps",
        "draft.area",
        "draft.aspect",
        "refine.strength",
        "refine.scheduler",
    }
    assert "did you mean 'multiple'?" in text
    assert text.count("did you mean 'Euler'?") == 2


def test_a_model_is_needed() -> None:
    """A profile without a model says so."""
    assert says(steps=3) == "model: this key is missing"


def test_random_parts() -> None:
    """`random` is one list of texts, or several lists."""
    assert resolve(model=MODEL, random=["red", "blue"]).random == ["red", "blue"]
    assert resolve(model=MODEL, random=[["red"], ["sun", "rain"]]).random[1] == ["sun", "rain"]


def test_override() -> None:
    """A prompt file's keys are laid over the profile, table by table."""
    base = resolve(**BASE)
    over = profiles.override(base, {"steps": 9, "refine": {"strength": [0.3, 0.6]}})
    assert (over.steps, over.refine.strength, over.refine.area) == (9, [0.3, 0.6], "1000x1000")
    assert over.model == base.model
    assert profiles.override(base, {}) is base


@pytest.mark.parametrize("key", ["model", "description", "extends"])
def test_override_leaves_the_model_to_the_owner(key: str) -> None:
    """No prompt file chooses a model, or anything else that belongs to the owner."""
    with pytest.raises(MistakesError, match=f"{key}: a prompt file cannot choose this"):
        profiles.override(resolve(**BASE), {key: {"source": "elsewhere/other"}})


def test_override_finds_mistakes() -> None:
    """Overrides are checked like a profile."""
    with pytest.raises(MistakesError, match=r"refine\.strenght: unknown key; did you mean"):
        profiles.override(resolve(**BASE), {"refine": {"strenght": 0.3}})


@given(st.integers(1, 1000))
def test_a_strength_that_runs_no_step(steps: int) -> None:
    """Too little strength for any step is refused, and the strength that is named suffices."""
    base = resolve(model=MODEL, steps=steps, refine={"strength": 1})
    with pytest.raises(MistakesError, match="not even one step") as raised:
        profiles.override(base, {"refine": {"strength": [1.0, 0.999 / steps]}})
    least = float(str(raised.value).rpartition(" ")[2])
    assert profiles.override(base, {"refine": {"strength": least}}).refine.strength == least


def test_strengths_go_round() -> None:
    """More finals than strengths begin the list again; one strength is for all."""
    listed = Refine(strength=[0.3, 0.5])
    assert [profiles.strength(listed, index) for index in range(5)] == [0.3, 0.5, 0.3, 0.5, 0.3]
    assert profiles.strength(Refine(strength=0.4), 7) == 0.4


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Model(source="shipped:postcard"), "postcard"),
        (Model(source="owner/name"), "owner/name"),
        (Model(source="owner/name", revision="abc"), "owner/name@abc"),
        (Model(source="/home/ada/models/paint.safetensors"), "paint"),
        (Model(source="C:\\models\\paint"), "paint"),
        (Model(source="~/models/paint/"), "paint"),
        (Model(source="./paint"), "paint"),
        (Model(source="/home/ada/paint", name="my painter"), "my painter"),
    ],
)
def test_model_names_hold_no_path(model: Model, name: str) -> None:
    """What pictures carry of a model says nothing of its owner's folders."""
    assert model_name(model) == name


def test_formats_of_drafts_and_finals() -> None:
    """Each stage has a format and quality of its own; a prompt file may choose others."""
    own = resolve(
        extends="base", draft={"format": "jpeg", "quality": 85}, refine={"format": "webp"}
    )
    assert own.draft.encoding == Encoding("jpeg", 85)
    assert own.refine.encoding == Encoding("webp")
    assert resolve(extends="base").draft.encoding == Encoding()
    assert profiles.override(own, {"draft": {"format": "png"}}).draft.encoding == Encoding()


def test_a_wrong_format_is_said() -> None:
    """Formats are named, qualities have bounds."""
    said = says(extends="base", draft={"format": "gif"}, refine={"quality": 101})
    assert 'draft.format: expected "png" or "jpeg" or "webp", got "gif"' in said
    assert "refine.quality: expected a whole number from 1 to 100, got 101" in said


ADDED = """
extends = "base"
[model]
clip_skip = 2
safety_checker = true
[[model.loras]]
source = "/home/ada/ink.safetensors"
scale = 0.7
[[model.loras]]
source = "hub:owner/name/wool.safetensors"
name = "soft wool"
[model.embeddings]
zebra = "./zebra.safetensors"
apple = "./apple.safetensors"
"""


def test_what_a_model_is_given_is_part_of_the_recipe() -> None:
    """LoRAs and embeddings by name, never by path, in drafts and refinements alike."""
    tables = {"base": {"model": {"source": "a/b"}}, "mine": tomllib.loads(ADDED)}
    own = profiles.resolve("mine", tables)
    prompt = Prompt(text="a castle")
    draft = draw(prompt, own, 0, "salt", {})
    for made in (draft, refine(draft, own, "", "")[0]):
        assert made.loras == (Lora("ink", 0.7), Lora("soft wool", 1.0))
        assert made.embeddings == ("apple", "zebra")
        assert (made.clip_skip, made.safety_checker) == (2, True)
        assert "ada" not in canonical(made)
        assert from_builtins(json.loads(canonical(made))) == made
    bare = draw(prompt, profiles.resolve("base", tables), 0, "salt", {})
    assert bare.id != draft.id
    assert (
        not {"loras", "embeddings", "clip_skip", "safety_checker"}
        & json.loads(canonical(bare)).keys()
    )


def test_another_autoencoder_makes_another_model() -> None:
    """It is part of the model's name, without any path."""
    model = Model(source="a/b", vae="/home/ada/soft.safetensors")
    assert model_name(model) == "a/b with soft"


def test_profiles_of_one_model_share_it() -> None:
    """Together they offer all LoRAs and embeddings; of two with one name the first stays."""
    one = Model(source="a/b", loras=[LoraFile("x/ink.safetensors")], embeddings={"u": "1"})
    two = Model(
        source="a/b",
        loras=[LoraFile("y/ink.safetensors"), LoraFile("y/wool.safetensors")],
        embeddings={"u": "2", "v": "3"},
    )
    both = together(one, two)
    assert [lora.source for lora in both.loras] == ["x/ink.safetensors", "y/wool.safetensors"]
    assert both.embeddings == {"u": "1", "v": "3"}
