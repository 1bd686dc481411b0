"""What a studio's owner decides, and what pictures from elsewhere cannot change."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.errors import MistakesError
from hotfolder.recipes.config import Config
from hotfolder.recipes.record import Record
from hotfolder.recipes.settings import Presets, Settings, Stars

OWNER = Config(
    settings=Settings(profile="small"),
    profiles={
        "small": {"model": {"source": "a/small"}},
        "large": {"model": {"source": "a/large"}, "steps": 40},
    },
    words={},
    salt="salt",
)


def record(profile: str, overrides: dict[str, Any] | None = None) -> Record:
    return Record(stage="draft", pixels="0" * 64, profile=profile, overrides=overrides or {})


def test_the_default_profile() -> None:
    """Without a name the settings decide; with one and overrides, these do."""
    assert OWNER.profile(None).model.source == "a/small"
    assert OWNER.profile("large", {"steps": 7}).steps == 7
    with pytest.raises(MistakesError, match="did you mean 'large'"):
        OWNER.profile("lagre")


def test_a_draft_is_refined_with_its_own_profile() -> None:
    """The profile of a draft and its overrides hold for its refinements too."""
    name, profile = OWNER.profile_of(record("large", {"refine": {"count": 5}}))
    assert (name, profile.model.source, profile.refine.count) == ("large", "a/large", 5)


def test_pictures_from_elsewhere() -> None:
    """Without a record, or with one of an unknown profile, the default holds."""
    for known in (None, record("gone"), record("")):
        name, profile = OWNER.profile_of(known)
        assert (name, profile.model.source) == ("small", "a/small")


@pytest.mark.parametrize("overrides", [{"model": {"source": "evil/evil"}}, {"steps": 0}, {"x": 1}])
def test_a_picture_chooses_no_model(overrides: dict[str, Any]) -> None:
    """Overrides in a picture that no prompt file could have made are passed over."""
    name, profile = OWNER.profile_of(record("large", overrides))
    assert (name, profile) == ("large", OWNER.profile("large"))


def test_stars_may_name_a_profile() -> None:
    """A preset for so many stars comes before what a picture was drafted with."""
    settings = Settings(profile="small", stars=Stars(presets=Presets(five="large")))
    config = Config(settings, OWNER.profiles, {}, "salt")
    assert config.profile_of(record("small", {"steps": 9}), 5) == ("large", config.profile("large"))
    assert config.profile_of(record("small", {"steps": 9}), 4)[1].steps == 9
    assert config.profile_of(None, 5)[0] == "large"
