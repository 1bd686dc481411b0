"""One engine with tiny models of two families, for all tests of rendering."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from tests.render import tiny, zoo


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models sd/ and sdxl/."""
    folder = tmp_path_factory.mktemp("models")
    tiny.stable_diffusion(folder / "sd")
    tiny.stable_diffusion_xl(folder / "sdxl")
    return folder


@pytest.fixture(scope="session")
def engine(models: Path) -> Engine:
    """An engine for the models sd and sdxl."""
    offered = {name: Model(source=f"./{name}", multiple=tiny.MULTIPLE) for name in ("sd", "sdxl")}
    return Engine(offered, models, device="cpu", threads=1)


@pytest.fixture(scope="session")
def zoo_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of each family."""
    return zoo.build(tmp_path_factory.mktemp("zoo"))


@pytest.fixture
def draft() -> Recipe:
    """A draft whose sides are no multiples of what the model takes."""
    return Recipe(
        prompt="a castle by the sea",
        seed=7,
        width=70,
        height=52,
        multiple=tiny.MULTIPLE,
        model="sd",
        scheduler="Euler a",
        steps=4,
        guidance_scale=4.0,
    )


@pytest.fixture
def final(draft: Recipe) -> Recipe:
    """A refinement of the draft."""
    return Recipe(
        prompt=draft.prompt,
        seed=8,
        width=88,
        height=65,
        multiple=tiny.MULTIPLE,
        model="sd",
        scheduler="DPM++ 2M",
        steps=5,
        guidance_scale=4.0,
        strength=0.6,
        source=draft,
    )
