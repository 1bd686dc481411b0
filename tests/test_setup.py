"""`hotfolder setup`: what it finds, what it runs, and what it says of it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from argparse import Namespace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hotfolder import installation
from hotfolder.cli import main
from hotfolder.commands import setup
from hotfolder.errors import HotfolderError
from hotfolder.render.memory import cards
from tests.conftest import ROOT

RTX = cards.Card("nvidia", "NVIDIA GeForce RTX 3060", "560.94", (8, 6))
FOR_CPUS = cards.Torch("2.13.0+cpu")
WORKING = cards.Torch("2.13.0+cu126", "12.6", works=True, architectures=("sm_80", "sm_86"))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A card that torch cannot use until an installer has run, which says so in this file."""
    file = tmp_path / "ran"
    code = f"open({str(file)!r}, 'w').close()"
    monkeypatch.setattr(cards, "card", lambda: RTX)
    monkeypatch.setattr(
        cards, "torch_in_another_process", lambda: WORKING if file.exists() else FOR_CPUS
    )
    monkeypatch.setattr(cards.Build, "command", lambda build: [sys.executable, "-c", code])
    return file


def test_it_installs_what_helps(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once; the second time there is nothing to do."""
    assert setup.run(Namespace(extras=[], dry_run=False)) == 0
    assert ran.exists()
    assert "is for CPUs only.\nNow runs:" in capsys.readouterr().out
    assert setup.run(Namespace(extras=[], dry_run=False)) == 0
    said = capsys.readouterr().out
    assert said == "NVIDIA GeForce RTX 3060 is used: there is nothing to set up.\n"


def test_it_can_be_asked_only(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then nothing runs."""
    assert setup.run(Namespace(extras=[], dry_run=True)) == 3
    assert "This would help:" in capsys.readouterr().out
    assert not ran.exists()


def test_a_failing_installer(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has said why; what it mostly is is said here. One that changes nothing is named, too."""
    monkeypatch.setattr(cards.Build, "command", lambda build: [sys.executable, "-c", "exit(1)"])
    with pytest.raises(HotfolderError, match="could not be replaced"):
        setup.run(Namespace(extras=[], dry_run=False))
    monkeypatch.setattr(cards.Build, "command", lambda build: [sys.executable, "-c", ""])
    with pytest.raises(HotfolderError, match=r"was replaced, but .* for CPUs only"):
        setup.run(Namespace(extras=[], dry_run=False))


def test_nothing_to_do_without_a_card(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No card, no driver that is too old, no installer."""
    monkeypatch.setattr(cards, "card", lambda: None)
    monkeypatch.setattr(cards, "torch_in_another_process", lambda: FOR_CPUS)
    assert setup.run(Namespace(extras=[], dry_run=False)) == 0
    assert "No graphics card was found here" in capsys.readouterr().out
    monkeypatch.setattr(cards, "card", lambda: RTX)
    built = cards.Torch("2.13.0+cu126", cuda="12.6")
    monkeypatch.setattr(cards, "torch_in_another_process", lambda: built)
    assert setup.run(Namespace(extras=[], dry_run=False)) == 3
    assert "nvidia.com/drivers" in capsys.readouterr().out


@pytest.mark.parametrize("has_pip", [True, False])
def test_environments_of_uv_have_no_pip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_pip: bool
) -> None:
    """There uv itself installs, into this very Python."""
    monkeypatch.setattr(installation, "_has_pip", lambda: has_pip)
    uv = str(tmp_path / "my tools" / "uv")
    monkeypatch.setattr("shutil.which", lambda name, path: uv)
    command = cards.Build("cu126").command()
    if has_pip:
        assert command[:4] == [sys.executable, "-m", "pip", "install"]
    else:
        assert command[:5] == [uv, "pip", "install", "--python", sys.executable]
        assert f'"{uv}" pip' in cards.Build("cu126").line()
    assert command[-2:] == ["--index-url", "https://download.pytorch.org/whl/cu126"]


def test_looking_for_pip_leaves_setuptools_as_it_is() -> None:
    """After the advice for a card torch can still compile: setuptools has not stepped aside."""
    code = (
        "from hotfolder.render.memory import cards; cards.Build('cu126').line(); "
        "import setuptools, distutils.core; print(distutils.core.__file__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "_distutils" in done.stdout


def test_what_can_be_added() -> None:
    """Everything that the package offers its users, by the same names."""
    offered = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(offered["optional-dependencies"]) - {"docs", "release", "test"}
    assert extras == set(installation.EXTRAS)
    for extra in extras:
        wanted = set(map(Requirement, offered["optional-dependencies"][extra]))
        assert set(map(Requirement, installation.requirements(extra))) == wanted


def test_an_extra_is_added(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the installer of this place, with the torch that is here; what is misspelt is told."""
    file = tmp_path / "ran"
    code = f"import sys; open({str(file)!r}, 'w').write(' '.join(sys.argv[1:]))"
    monkeypatch.setattr(
        installation, "command", lambda *words, **_: [sys.executable, "-c", code, *words]
    )
    monkeypatch.setattr(cards, "torch_in_another_process", lambda: WORKING)
    assert main(["setup", "photos", "gguf", "--dry-run"]) == 0
    assert "This would help:" in capsys.readouterr().out and not file.exists()
    assert main(["setup", "photos", "gguf"]) == 0
    for word in ("pillow-heif>=", "gguf>=", "torch==2.13.0+cu126", "/whl/cu126"):
        assert word in file.read_text()
    with pytest.raises(SystemExit):
        main(["setup", "fotos"])
    assert "there is no extra called 'fotos'; did you mean" in capsys.readouterr().err


def test_a_command_as_one_types_it() -> None:
    """What a shell would read otherwise stands in quotes."""
    assert installation.line(["a b", "gguf>=1,!=2", "c"]) == '"a b" "gguf>=1,!=2" c'


@pytest.mark.slow
def test_the_torch_of_another_process() -> None:
    """It says what this one would say."""
    assert cards.torch_in_another_process() == cards.torch_here()
