"""A studio's settings."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.errors import MistakesError
from hotfolder.recipes import schema
from hotfolder.recipes.settings import Settings


def test_everything_has_a_default() -> None:
    """An empty file is a good one."""
    assert schema.convert({}, Settings) == Settings()


@pytest.mark.parametrize(
    "table",
    [
        {"stars_from": 0},
        {"stars_from": 6},
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
