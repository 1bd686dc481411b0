"""What all steps have in common."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hotfolder import finishing
from hotfolder.errors import RenderError
from hotfolder.finishing import steps
from hotfolder.finishing.given import Given
from hotfolder.images.pixels import pixel_hash
from tests.finishing.trial import SETTINGS, done, picture, values

PICTURE = picture()
NAMES = steps.names()


def test_each_step_has_a_file_and_a_line_in_the_documentation() -> None:
    """The names are those of the modules, and docs/refinement.md tells of each."""
    modules = {p.stem.replace("_", "-") for p in Path(finishing.__path__[0]).glob("*.py")}
    assert set(NAMES) == modules - {"--init--", "given", "steps"}
    text = (Path(__file__).parents[2] / "docs" / "refinement.md").read_text("utf-8")
    assert {name for name in NAMES if f"`{name}`" not in text} == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_step_makes_the_same_of_the_same(name: str) -> None:
    """Twice the same bits, RGB, with the sides that were told before; something has changed."""
    one, two = done(PICTURE, name), done(PICTURE, name)
    assert one.size == steps.sides(name, SETTINGS.get(name, {}), PICTURE.size)
    assert pixel_hash(one) == pixel_hash(two) != pixel_hash(PICTURE) or name == "colour-match"
    assert steps.versions([name]).keys() <= {"numpy", "pillow", "scikit-image", "scipy"}


@pytest.mark.parametrize("name", ["grain", "noise"])
def test_chance_follows_from_the_seed_and_the_place(name: str) -> None:
    """Another seed, and the same step once more, give other grains."""
    once = done(PICTURE, name)
    other = steps.apply([(name, {})], PICTURE, Given(PICTURE, seed=6))
    assert pixel_hash(once) != pixel_hash(other)
    alone = values(once) - values(PICTURE)
    twice = values(steps.apply([(name, {}), (name, {})], PICTURE, Given(PICTURE, seed=5)))
    assert abs(np.corrcoef(alone.ravel(), (twice - values(once)).ravel())[0, 1]) < 0.5


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("sharpn", {}, "no step 'sharpn' here; did you mean 'sharpen'?"),
        ("sharpen", {"amount": 9}, "sharpen cannot be done: .*<= 5"),
        ("sharpen", {"path": "/etc/passwd"}, "sharpen cannot be done: .*unknown field `path`"),
        ("border", {"colour": "red"}, 'border cannot be done: expected a colour like "#ffffff"'),
        ("crop", {"width": 16_000, "height": 16_000}, "crop would make 16000x16000 of it"),
    ],
)
def test_what_a_recipe_may_not_ask_for(
    name: str,
    settings: dict[str, Any],
    says: str,
) -> None:
    """A recipe from anywhere with a step that is none ends in a sentence."""
    with pytest.raises(RenderError, match=says):
        steps.apply([(name, settings)], PICTURE, Given(PICTURE))


def test_words_are_for_people() -> None:
    """A step and what it was told; what is empty is left out."""
    assert (
        steps.words("sharpen", {"amount": 0.5, "radius": 1.0}) == "sharpen (amount 0.5, radius 1)"
    )
    assert steps.words("enlarge", {"factor": 2.0, "upscaler": ""}) == "enlarge (factor 2)"
    assert re.fullmatch("[a-z-]+", "".join(NAMES))


def test_another_package_offers_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module under an entry point of the group `hotfolder.finishing` is a step like any other."""

    class Offered:
        name, value = "sepia", "elsewhere:sepia"

        def load(self) -> ModuleType:
            module = ModuleType("sepia")
            from hotfolder.finishing import contrast

            module.__dict__.update(contrast.__dict__)
            return module

    asked = []

    def entry_points(group: str) -> list[Offered]:
        asked.append(group)
        return [Offered()]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    steps._steps.cache_clear()
    try:
        assert "sepia" in steps.names()
        assert asked == ["hotfolder.finishing"]
    finally:
        monkeypatch.undo()
        steps._steps.cache_clear()
