"""Pictures that are still being copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hotfolder.studio.scan.incomplete import PATIENCE, Incomplete
from tests.studio.clock import Clock


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A picture of which half has arrived."""
    path = tmp_path / "a.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    return path


def test_an_end_is_waited_for(tmp_path: Path, half: Path) -> None:
    """As long as patience lasts, which counts from when it was first missed."""
    clock = Clock()
    copies = Incomplete(tmp_path, clock)
    assert copies.is_unfinished(half.name, quiet_s=2)
    clock.now += 10
    assert copies.is_unfinished(half.name, quiet_s=2)
    assert copies.late_in_s() == [2 * PATIENCE - 10]
    assert copies.late() == []
    assert "still being copied" in copies.waiting()[half.name]
    clock.now += 2 * PATIENCE - 10
    assert copies.late() == [half.name]
    assert copies.late() == copies.late_in_s() == [], "once, whether or not it can be read then"
    assert not copies.is_unfinished(half.name, quiet_s=2)
    assert copies.waiting() == {}


def test_what_is_whole_or_gone_is_not_waited_for(tmp_path: Path, half: Path) -> None:
    """A whole picture, one that is not there, one that is forgotten."""
    copies = Incomplete(tmp_path, Clock())
    Image.new("RGB", (8, 8)).save(tmp_path / "whole.png")
    assert not any(copies.is_unfinished(name, 2) for name in ("whole.png", "no.png"))
    assert copies.is_unfinished(half.name, 2)
    copies.forget(half.name)
    assert copies.late_in_s() == []
