"""`hotfolder tune`, from a studio's picks to a profile that draws with what was learned."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PIL import Image

from hotfolder import cli
from hotfolder.commands import tune
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED
from hotfolder.images import picture
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import additions
from hotfolder.recipes.record import Record
from hotfolder.render.engine import Engine
from hotfolder.studio.config import load
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local, trust
from hotfolder.tuning.trainer import Trainer
from hotfolder.workshop import models_of
from tests.render import tiny
from tests.tuning import studio as studios


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion."""
    return tiny.stable_diffusion(tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def _immodest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own process must not go last of all from now on."""
    monkeypatch.setattr(tune, "be_modest", lambda: None)


@pytest.fixture(autouse=True)
def _one_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """No prompt can be held out, so what the last step has is what comes of it."""
    monkeypatch.setattr(studios, "PLACES", ("castle",))


def drawn(studio: Studio, profile: str) -> Path:
    """A draft by a profile of the studio, as the daemon writes it."""
    config = load.read_config(studio)
    taken = config.profile(profile)
    recipe = msgspec.structs.replace(studios.recipe_of(taken, 99), **additions(taken.model))
    made = Engine(models_of(config), studio.root, device="cpu", threads=1).render(recipe)
    facts = {**msgspec.structs.asdict(Record(stage="draft", pixels=pixel_hash(made.image)))}
    facts |= {name: getattr(made.facts, name) for name in ("device", "dtype", "threads")}
    facts |= {"versions": made.facts.versions, "additions": made.facts.additions}
    facts |= {"model_sha256": made.facts.model_sha256, "memory_plan": made.facts.memory_plan}
    record = Record(**facts)
    data, _ = picture.publishable(made.image, recipe, record, record.encoding)
    file = studio.drafts / f"{profile}.png"
    file.write_bytes(data)
    return file


def test_from_picks_to_a_profile(
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Too few are refused; what is learned counts up, is used when asked, and is missed by name."""
    studio = studios.made(tmp_path / "studio", model, picks=19)
    root = str(studio.root)
    assert cli.main(["tune", root]) == 1
    assert "19 picked pictures of this model so far, and at least 20" in capsys.readouterr().err
    profile = load.read_config(studio).profile("tiny")
    studios.put(studio, profile, 50, True)
    studios.put(studio, profile, 51, True, model="another")
    assert cli.main(["tune", root, "--dry-run"]) == EXIT_DONE
    told = capsys.readouterr().out
    assert "20 likes and 12 dislikes of tiny" in told
    assert "seeds/draft-050" in told
    assert "1 was made by another model" in told
    assert not list(studio.profiles.glob("tiny-*"))

    assert cli.main(["tune", root, "--steps", "3"]) == EXIT_DONE
    found = sorted(path.name for path in studio.profiles.glob("tiny-tuned-*"))
    assert found == [f"tiny-tuned-1.{end}" for end in ("md", "png", "safetensors", "toml")]
    assert "20 likes and 12 dislikes" in (studio.profiles / "tiny-tuned-1.md").read_text()
    with Image.open(studio.profiles / "tiny-tuned-1.png") as sheet:
        assert sheet.width == 1600
    assert load.read_config(studio).settings.profile == "tiny"
    draft = drawn(studio, "tiny-tuned-1")
    weights = (studio.profiles / "tiny-tuned-1.safetensors").read_bytes()

    assert cli.main(["tune", root, "--steps", "3", "--profile", "tiny-tuned-1", "--use"]) == 0
    assert (studio.profiles / "tiny-tuned-2.safetensors").read_bytes() == weights
    assert load.read_config(studio).settings.profile == "tiny-tuned-2"
    assert 'devices = "cpu"' in studio.settings.read_text()
    assert not (local.folder(studio.root) / "tuning" / "tiny").exists()

    assert cli.main(["regenerate", "--check", str(draft)]) == EXIT_DONE
    (studio.profiles / "tiny-tuned-1.safetensors").unlink()
    assert cli.main(["regenerate", "--check", str(draft)]) == EXIT_SOME_FAILED
    assert "tiny-tuned-1.safetensors" in caplog.text


def test_a_studio_that_is_not_trusted_gets_it_in_its_owners_folder(
    model: Path, tmp_path: Path
) -> None:
    """Its own profiles name no model here; the owner's do, in any studio."""
    from hotfolder.studio.config import owners_file

    studio = studios.made(tmp_path / "studio", model)
    owned = owners_file.make() / "profiles"
    (studio.profiles / "tiny.toml").rename(owned / "tiny.toml")
    trust.record(studio, False)
    assert cli.main(["tune", str(studio.root), "--steps", "1"]) == EXIT_DONE
    assert not list(studio.profiles.glob("*-tuned-*"))
    assert (owned / "tiny-tuned-1.toml").is_file()
    lora = load.read_config(studio).profile("tiny-tuned-1").model.loras[0]
    assert Path(lora.source) == owned / "tiny-tuned-1.safetensors"
    assert Path(lora.source).is_file()


def test_what_holds_for_no_other_prompt_is_no_profile(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, nothing is written, and the next training begins anew."""
    monkeypatch.setattr(studios, "PLACES", ("castle", "boat"))
    monkeypatch.setattr(Trainer, "asked", lambda _: 0.0)
    studio = studios.made(tmp_path / "studio", model)
    assert cli.main(["tune", str(studio.root), "--steps", "2", "--use"]) == 1
    assert "nothing was learned that holds for other prompts" in capsys.readouterr().err
    assert not list(studio.profiles.glob("*-tuned-*"))
    assert load.read_config(studio).settings.profile == "tiny"
    assert not (local.folder(studio.root) / "tuning" / "tiny").exists()
