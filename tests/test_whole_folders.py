"""`regenerate` over folders: each model is loaded once, and checking writes nothing."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotfolder.commands.regenerate import _by_studio, again
from hotfolder.images.picture import publishable
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.render.engine import Engine
from hotfolder.render.models import weights
from hotfolder.report.progress import Lines
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from tests.render import tiny


@pytest.fixture
def drawn(studio: Studio) -> Studio:
    """A studio with two models, and pictures of both by turns."""
    recipe = Recipe(
        prompt="a castle",
        seed=1,
        width=32,
        height=32,
        multiple=tiny.MULTIPLE,
        model="one",
        scheduler="Euler",
        steps=2,
        guidance_scale=1.0,
    )
    models = {}
    for number, name in enumerate(("one", "two")):
        folder = tiny.stable_diffusion(studio.root / "models" / name, number)
        models[name] = Model(source=str(folder), multiple=tiny.MULTIPLE)
        profile = f'[model]\nname = "{name}"\nsource = "models/{name}"\n'
        profile += f"multiple = {tiny.MULTIPLE}\n"
        (studio.profiles / f"{name}.toml").write_text(profile)
    engine = Engine(models, None, device="cpu")
    for number in range(6):
        made = msgspec.structs.replace(recipe, seed=number, model=("one", "two")[number % 2])
        rendered = engine.render(made)
        record = Record(stage="draft", pixels="0" * 64, **asdict(rendered.facts))
        data, _ = publishable(rendered.image, made, record)
        (studio.drafts / f"{number}.png").write_bytes(data)
    return studio


@pytest.mark.slow
def test_each_model_is_loaded_once(
    drawn: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However the pictures of several models lie among one another."""
    loaded: Counter[str] = Counter()
    load = weights.load

    def counted(path: Path, *more: Any) -> Any:
        loaded[path.name] += 1
        return load(path, *more)

    monkeypatch.setattr(weights, "load", counted)
    (drawn.drafts / "rubbish.png").write_bytes(b"rubbish")
    with caplog.at_level(logging.INFO):
        code = again(sorted(drawn.drafts.iterdir()), drawn, Lines())
    assert loaded == {"one": 1, "two": 1}
    assert code == 3
    assert "6 of 7 identical, 1 that cannot be made again" in caplog.text


@pytest.mark.slow
def test_checking_writes_nothing_and_making_never_overwrites(drawn: Studio, tmp_path: Path) -> None:
    """Every file of the studio is as it was; a second run's pictures get names of their own."""

    def state() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    pictures = sorted(drawn.drafts.iterdir())
    before = state()
    assert again(pictures, drawn, Lines()) == 0
    assert state() == before
    for _ in range(2):
        assert again(pictures[:1], drawn, Lines(), tmp_path / "made") == 0
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["0-2.png", "0.png"]
    assert {path: data for path, data in state().items() if path in before} == before


def test_each_picture_belongs_to_its_own_studio(studio: Studio, tmp_path: Path) -> None:
    """One that lies in none goes with the first; a named studio is for all."""
    other, _ = create(tmp_path / "other")
    (other.final / "monday").mkdir()
    alone = tmp_path / "alone.png"
    paths = [
        alone,
        other.final / "monday" / "b.png",
        studio.drafts / "a.png",
        other.drafts / "c.png",
    ]
    assert _by_studio(paths, None) == {
        other: [alone, other.final / "monday" / "b.png", other.drafts / "c.png"],
        studio: [studio.drafts / "a.png"],
    }
    assert _by_studio(paths, studio) == {studio: paths}
