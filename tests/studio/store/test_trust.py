"""Whose studio it is: what one from elsewhere may decide on this computer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.commands import config as config_command
from hotfolder.errors import MistakesError
from hotfolder.studio import layout, openness
from hotfolder.studio.config.load import examine, read_config
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local, trust

NAMES_A_MODEL = 'extends = "postcard"\n[model]\nsource = "evil/model"\n'


@pytest.fixture
def foreign(studio: Studio) -> Studio:
    """A studio that came from another computer."""
    trust.record(studio, trusted=False)
    return studio


def test_who_made_it(tmp_path: Path) -> None:
    """What `init` makes is trusted; what is for others or came from elsewhere is not."""
    assert trust.is_trusted(create(tmp_path / "own")[0])
    assert not trust.is_trusted(create(tmp_path / "shared", shared=True)[0])
    (tmp_path / "own").rename(tmp_path / "moved")
    assert not trust.is_trusted(layout.find(tmp_path / "moved"))


def test_another_studio_in_its_place(tmp_path: Path) -> None:
    """Trust is of one studio, and no other that comes to lie there."""
    create(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    create(tmp_path / "c", shared=True)
    (tmp_path / "c").rename(tmp_path / "a")
    assert not trust.is_trusted(layout.find(tmp_path / "a"))


def test_from_before_there_were_records(studio: Studio) -> None:
    """One on which this computer worked is its owner's; where others may write, it is not."""
    record = local.folder(studio.root) / "trust.json"
    local.log(studio.root).write_text("")
    record.unlink()
    assert "worked on it before" in trust.introduce(studio)
    assert trust.is_trusted(studio)
    record.unlink()
    studio.root.chmod(0o777)
    assert "hotfolder trust" in trust.introduce(studio)
    assert trust.introduce(studio) == ""
    assert not trust.is_trusted(studio)


def test_a_record_that_is_torn(studio: Studio) -> None:
    """Nothing is trusted by accident."""
    (local.folder(studio.root) / "trust.json").write_bytes(b'{"trusted":tr')
    assert not trust.is_trusted(studio)


def test_profiles_that_name_models(foreign: Studio) -> None:
    """They are refused with the command that allows them; others extend what is the owner's."""
    (foreign.profiles / "evil.toml").write_text(NAMES_A_MODEL)
    (foreign.profiles / "child.toml").write_text('extends = "evil"\n')
    (foreign.profiles / "fine.toml").write_text('extends = "postcard"\nsteps = 9\n')
    config, fatal = examine(foreign)
    assert not fatal
    assert config.profile("fine").steps == 9
    for name in ("evil", "child"):
        with pytest.raises(MistakesError, match="not trusted on this computer; `hotfolder trust"):
            config.profile(name)
    assert "profiles/evil.toml, model" in config.notes[0]
    trust.record(foreign, trusted=True)
    assert read_config(foreign).profile("child").model.source == "evil/model"


def test_names_of_other_profiles(foreign: Studio) -> None:
    """A studio's profile takes the place of an included one only where it is trusted, and aloud."""
    (foreign.profiles / "postcard.toml").write_text('extends = "portrait"\nsteps = 3\n')
    steps = read_config(foreign).profile("postcard").steps
    assert steps != 3
    assert "the name of another profile" in read_config(foreign).notes[0]
    trust.record(foreign, trusted=True)
    (foreign.profiles / "postcard.toml").write_text('[model]\nsource = "shipped:postcard"\n')
    assert "instead of the included profile 'postcard'" in read_config(foreign).notes[0]


def test_settings_of_a_foreign_studio(foreign: Studio) -> None:
    """It names no device, folder or program, and only lowers limits; other keys are its own."""
    foreign.settings.write_text(
        'devices = "cuda"\nexecutor = "evil"\nloras = ["/home"]\n'
        'keep_free_gb = 0\nfolders = "day"\n'
        "[limits]\nrefinements_per_hour = 1000000\ntext_kb = 5\n"
    )
    config = read_config(foreign)
    settings = config.settings
    assert (settings.devices, settings.executor, settings.loras) == ("auto", "local", [])
    assert (settings.keep_free_gb, settings.folders) == (1.0, "day")
    assert (settings.limits.refinements_per_hour, settings.limits.text_kb) == (1000, 5)
    for word in ("devices", "executor", "loras", "keep_free_gb", "refinements_per_hour"):
        assert any(word in note for note in config.notes)
    trust.record(foreign, trusted=True)
    config = read_config(foreign)
    assert (config.settings.devices, config.settings.limits.refinements_per_hour) == (
        "cuda",
        1_000_000,
    )
    assert ["executor" in note for note in config.notes] == [True]  # it counts in no studio


def test_a_shared_studio_as_it_is_made(tmp_path: Path) -> None:
    """Nothing that `init` writes has to be held back."""
    assert read_config(create(tmp_path / "shared", shared=True)[0]).notes == ()


def test_the_owners_own(foreign: Studio) -> None:
    """Settings and profiles in the owner's folder hold in every studio, and come before its own."""
    own = local.config()
    (own / "profiles").mkdir(parents=True)
    (own / "profiles/mine.toml").write_text('extends = "postcard"\nsteps = 11\n')
    (own / "hotfolder.toml").write_text('folders = "prompt"\n[limits]\ntext_kb = 100\n')
    foreign.settings.write_text('folders = "day"\nprofile = "mine"\n[limits]\ntext_kb = 900\n')
    (foreign.profiles / "mine.toml").write_text('extends = "postcard"\nsteps = 12\n')
    for trusted in (False, True):
        trust.record(foreign, trusted)
        config = read_config(foreign)
        assert config.profile(None).steps == 11
        assert (config.settings.folders, config.settings.limits.text_kb) == ("prompt", 100)


@pytest.mark.parametrize(
    "source",
    ["shipped:../../etc", "shipped:a/b", "shipped:", "shipped:..", "hub:a/b/../x.safetensors",
     "hub:../a/x.safetensors", "a\\u0000b", "hub:a//x.safetensors"],
)  # fmt: skip
def test_sources_that_lead_elsewhere(studio: Studio, source: str) -> None:
    """Names of included models and of the hub's are names, and no paths."""
    (studio.profiles / "e.toml").write_text(f'extends="postcard"\n[model]\nsource="{source}"\n')
    with pytest.raises(MistakesError, match="expected a"):
        read_config(studio).profile("e")


@pytest.mark.parametrize(
    ("folder", "says"),
    [("Dropbox/studio", "Dropbox"), ("OneDrive - Contoso/studio", "OneDrive"), ("plain", "")],
)
def test_folders_of_sync_programs(tmp_path: Path, folder: str, says: str) -> None:
    """They are known by their names."""
    assert openness.others(tmp_path / folder) == (f"it is synced by {says}" if says else "")


def test_what_sync_programs_leave(tmp_path: Path) -> None:
    """And by what they put there."""
    (tmp_path / "share/studio").mkdir(parents=True)
    assert openness.others(tmp_path / "share/studio") == ""
    (tmp_path / "share/.stfolder").mkdir()
    assert openness.others(tmp_path / "share/studio") == "it is synced by Syncthing"


def test_folders_that_others_may_write_to(tmp_path: Path) -> None:
    """Permissions say so."""
    assert openness.others(tmp_path) == ""
    tmp_path.chmod(0o777)
    assert "every user" in openness.others(tmp_path)
    tmp_path.chmod(0o755)


@pytest.mark.posix("permissions are other ones there")
def test_state_is_private(studio: Studio) -> None:
    """Nobody else reads what this computer keeps of its studios."""
    local.key()
    below = local.folder(studio.root).parent.parent
    for path in (below / "key", local.folder(studio.root) / "trust.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_the_command_makes_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """`hotfolder config` says where it is; what it puts there changes nothing."""
    import argparse

    config_command.run(argparse.Namespace())
    assert os.fspath(local.config()) in capsys.readouterr().out.replace("\n", "")
    assert (local.config() / "profiles").is_dir()


@pytest.mark.parametrize("trusted", [True, False])
def test_what_a_machine_takes_is_said_in_its_own_settings(studio: Studio, trusted: bool) -> None:
    """No studio, however trusted, makes this computer work together with others."""
    trust.record(studio, trusted=trusted)
    studio.settings.write_text('together.work = "all"\n')
    config = read_config(studio)
    assert config.settings.together.work == "off"
    assert "together: this works only in each computer's own settings" in config.notes[-1]
    local.make_folder(local.config())
    (local.config() / "hotfolder.toml").write_text('together.work = "drafts"\n')
    assert read_config(studio).settings.together.work == "drafts"
