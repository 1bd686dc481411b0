"""Every profile that is included: its model comes from a hub whole and alone, opens and draws."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotfolder.recipes.model import Model, model_name
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import download, families, hub, single_file, weights
from hotfolder.studio.config import load
from tests import fakehub, repositories
from tests.fakehub import Hub
from tests.render import tiny_single, zoo
from tests.render.models.test_download import to_hub

CONFIG = load.nobody()
PROFILES = [name for name in sorted(CONFIG.profiles) if "/" in CONFIG.profile(name).model.source]
MODELS: dict[str, Model] = {
    model.source: msgspec.structs.replace(model, quantize="")  # the same files
    for model in (CONFIG.profile(name).model for name in PROFILES)
}
_TINY = {"StableDiffusion": "sd", "StableDiffusionXL": "sdxl", "StableDiffusion3": "sd3"}
_TINY |= {"Flux": "schnell", "QwenImage": "qwen", "ZImage": "z-image", "Flux2Klein": "klein"}
_TINY |= {"Krea2": "krea", "Chroma": "chroma", "QwenImage21": "qwen2"}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with nothing yet, and an empty cache."""
    (tmp_path / "hub").mkdir()
    with fakehub.serving(tmp_path / "hub") as served:
        to_hub(served, tmp_path / "cache", monkeypatch)
        monkeypatch.setattr(download, "STALL_S", 60)
        yield served


@pytest.mark.parametrize("source", MODELS)
def test_the_model_of_a_profile(
    source: str,
    served: Hub,
    zoo_models: Path,
    tmp_path: Path,
    draft: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing comes but what is needed, and it is enough to draw a picture."""
    model = MODELS[source]
    known = families.of_source(source)
    assert known, f"no family knows {source}"
    tiny = _TINY[known[0].name]
    repository = "/".join(source.removeprefix("hub:").split("/")[:2])
    folder = served.root / repository
    if source.startswith("hub:"):
        shapes = tiny_single.layouts(tmp_path / "layouts")
        monkeypatch.setattr(single_file, "LAYOUTS", shapes)
        folder.mkdir(parents=True)
        tiny_single.write(folder / source.rpartition("/")[2], shapes / "sdxl")
        repositories.accompany(folder, ())
    else:
        repositories.build(folder, repository, zoo_models / tiny, model.variant or "")
    for one in weights.lacking(model, None):
        download.fetch(one, _nobody, _nobody, lambda: False)
    assert weights.lacking(model, None) == ()
    came = [file for file in (tmp_path / "cache").rglob("snapshots/*/**/*") if file.is_file()]
    assert [file.name for file in came if file.read_bytes() == repositories.JUNK] == []
    name = model_name(model)
    engine = Engine({name: msgspec.structs.replace(model, dtype="auto")}, None, "cpu", threads=1)
    recipe = zoo.of(tiny, draft, model=name, scheduler="model", steps=2)
    picture = engine.render(recipe)
    assert picture.image.size == (draft.width, draft.height)
    assert picture.facts.model_commit == served.commit(repository)
    assert hub.repositories().keys() == {repository}


def _nobody(*counts: int) -> None:
    """Who wants to know nothing."""
