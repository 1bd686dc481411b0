"""What a machine keeps outside of a studio."""

from __future__ import annotations

import platform
import re
import stat
from pathlib import Path

import pytest

from hotfolder.studio.store import local


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state of a new user."""
    return moved(tmp_path / "state", monkeypatch)


def moved(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a user's state lie below `place`; returns where."""
    for variable in ("XDG_STATE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(variable, str(place))
    return local.state()


def test_a_studio_by_another_name(tmp_path: Path) -> None:
    """A link to a studio is the same studio; its neighbour is another; nothing is made yet."""
    root = tmp_path / "My Pictures"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    assert local.folder(root) == local.folder(tmp_path / "link") != local.folder(tmp_path)
    assert local.folder(root).name.startswith("my-pictures-")
    assert not local.folder(root).exists()


def test_a_machine_keeps_its_name(state: Path) -> None:
    """The name is drawn once, and again only when it was lost or spoilt."""
    name = local.machine()
    assert (state / "machine").is_file()
    local._machine.cache_clear()
    assert local.machine() == name
    (state / "machine").write_bytes(b"\xff\n../../etc")
    local._machine.cache_clear()
    assert local.machine() != name
    assert [path.name for path in state.iterdir()] == ["machine"]


@pytest.mark.parametrize("node", ["ada's mac.local", "../../x", "城", "m" * 300, ""])
def test_names_of_machines(state: Path, monkeypatch: pytest.MonkeyPatch, node: str) -> None:
    """Any machine's name becomes a part of a file's name, and two of one name differ."""
    monkeypatch.setattr(platform, "node", lambda: node)
    name = local.machine()
    assert re.fullmatch(r"[A-Za-z0-9-]{1,64}", name)
    moved(state.parent.parent / "another", monkeypatch)
    assert local.machine() != name


def test_a_name_that_cannot_be_kept(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be kept the machine goes by its own name."""
    monkeypatch.setattr(platform, "node", lambda: "box")
    state.parent.mkdir(parents=True)
    state.write_text("a file where the folder should be")
    assert local.machine() == "box"
    assert stat.S_ISREG(state.stat().st_mode)
