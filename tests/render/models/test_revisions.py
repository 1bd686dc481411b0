"""A model on the hub moves on; what an earlier commit of it made is made with that again."""

from __future__ import annotations

import shutil
from pathlib import Path

import huggingface_hub.constants
import msgspec
import pytest
from PIL import Image

from hotfolder.errors import ModelMissingError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.regenerate import Remade, regenerate
from hotfolder.render.engine import Engine
from tests.render import tiny

NAME = "acme/tiny"
OLD, NEW = "a" * 40, "b" * 40
Kept = Path


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits of a model, with other weights."""
    folder = tmp_path_factory.mktemp("commits")
    for seed, commit in enumerate((OLD, NEW)):
        tiny.stable_diffusion(folder / commit, seed=seed)
    return folder


@pytest.fixture
def kept(tmp_path: Path, commits: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The folder of the model in the hub's cache; its branch is at the new commit."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--acme--tiny"
    shutil.copytree(commits, folder / "snapshots")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(NEW)
    return folder


def engine(revision: str | None = None) -> Engine:
    """An engine whose owner has the model, at a revision if one is named."""
    name = f"{NAME}@{revision}" if revision else NAME
    return Engine({name: Model(NAME, revision=revision)}, None, device="cpu", threads=1)


def made(kept: Kept, draft: Recipe) -> tuple[Recipe, Record]:
    """A draft that was made when the branch was at the old commit."""
    recipe = msgspec.structs.replace(draft, model=NAME)
    (kept / "refs" / "main").write_text(OLD)
    rendered = engine().render(recipe)
    (kept / "refs" / "main").write_text(NEW)
    facts = {name: getattr(rendered.facts, name) for name in ("model_sha256", "model_commit")}
    record = Record(
        stage="draft",
        pixels=pixel_hash(rendered.image),
        memory_plan=rendered.facts.memory_plan,
        threads=rendered.facts.threads,
        device=rendered.facts.device,
        dtype=rendered.facts.dtype,
        versions=rendered.facts.versions,
        **facts,
    )
    return recipe, record


def again(recipe: Recipe, record: Record, by: Engine) -> Remade:
    """It, made again."""

    def no_source(_: str) -> Image.Image | None:
        return None

    return regenerate(recipe, record, by, no_source)


def test_a_picture_is_made_with_its_own_commit(kept: Kept, draft: Recipe) -> None:
    """The commit is in the record, and the picture is made with it while it is here."""
    recipe, record = made(kept, draft)
    assert record.model_commit == OLD
    now = engine()
    assert now.render(recipe).facts.model_commit == NEW
    assert again(recipe, record, now).verdict == "identical"


def test_a_commit_that_is_gone_is_named(kept: Kept, draft: Recipe) -> None:
    """What differs for it, and the command that brings it back."""
    recipe, record = made(kept, draft)
    shutil.rmtree(kept / "snapshots" / OLD)
    differs = again(recipe, record, engine())
    assert differs.verdict == "differs"
    assert differs.differences[-1] == (
        f"`hotfolder fetch {NAME}@{OLD}` fetches the model as it was then"
    )
    shutil.rmtree(kept / "snapshots" / NEW)
    cannot = again(recipe, record, engine())
    assert cannot.verdict == "cannot"
    assert f"`hotfolder fetch {NAME}@{OLD}` fetches that" in cannot.differences[0]


def test_a_profile_that_pins_another_revision_knows_old_pictures(kept: Kept, draft: Recipe) -> None:
    """They are made again with their own commit, and their drafts refined with what is here."""
    recipe, record = made(kept, draft)
    pinned = engine(revision=NEW)
    assert again(recipe, record, pinned).verdict == "identical"
    assert pinned.render(recipe).facts.model_commit == NEW
    of_then = msgspec.structs.replace(recipe, model=f"{NAME}@{OLD}")
    assert pinned.render(of_then).facts.model_commit == OLD


@pytest.mark.parametrize("revision", ["c" * 40, "../snapshots/" + OLD, "..", "refs/pr/1"])
def test_no_picture_fetches_a_revision(kept: Kept, draft: Recipe, revision: str) -> None:
    """A picture may name any; what was not fetched for its owner is not used."""
    recipe = msgspec.structs.replace(draft, model=f"{NAME}@{revision}")
    with pytest.raises(ModelMissingError, match="is not on this computer as it was at"):
        engine().render(recipe)
