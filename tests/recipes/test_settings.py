"""A studio's settings."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.errors import MistakesError
from hotfolder.recipes import schema
from hotfolder.recipes.settings import Presets, Settings, Stars


def test_everything_has_a_default() -> None:
    """An empty file is a good one."""
    assert schema.convert({}, Settings) == Settings()


@pytest.mark.parametrize(
    "table",
    [
        {"stars": 3},
        {"folders": "month"},
        {"pause_endless_at": 0},
        {"keep_free_gb": -1},
        {"keep_free_gb": float("nan")},
        {"settle_seconds": 0},
        {"look_seconds": float("inf")},
        {"profile": ""},
        {"profiles": "postcard"},
        {"devices": "gpu"},
        {"devices": []},
        {"devices": ["cpu", "cuda:x"]},
        {"unload_after_minutes": -1},
    ],
)
def test_refuses(table: dict[str, Any]) -> None:
    """A value that would stop the work, or an unknown key, is a mistake that names the key."""
    with pytest.raises(MistakesError, match=f"^{next(iter(table))}: "):
        schema.convert(table, Settings)


@pytest.mark.parametrize(
    "devices", ["auto", "cpu", "cuda", "mps", ["cuda:0", "cuda:1"], ["xpu:12"]]
)
def test_devices(devices: str | list[str]) -> None:
    """One device, or several that each get a process."""
    assert schema.convert({"devices": devices}, Settings).devices == devices


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"from": 6}, "stars.from: expected a whole number from 1 to 5, got 6"),
        ({"form": 1}, "stars.form: unknown key; did you mean 'from'?"),
        ({"then": "moved"}, 'stars.then: expected "move" or "copy" or "part", got "moved"'),
        ({"tags": "star"}, 'stars.tags: expected a list of texts in [ ], got "star"'),
        ({"presets": {"6": "x"}}, "stars.presets.6: unknown key; known are 1, 2, 3, 4, 5"),
        ({"presets": {"5": 3}}, "stars.presets.5: expected text in quotes, got 3"),
    ],
)
def test_mistakes_in_the_table_of_stars(table: dict[str, Any], says: str) -> None:
    """Each is named with its key and what was expected."""
    with pytest.raises(MistakesError) as raised:
        schema.convert({"stars": table}, Settings)
    assert str(raised.value) == says


def test_presets() -> None:
    """A number of stars has the profile that the owner named for it; no or bad stars have none."""
    stars = Stars(presets=Presets(one="small", five="large"))
    named = [stars.preset(number) for number in range(-1, 6)]
    assert named == [None, None, "small", None, None, None, "large"]
