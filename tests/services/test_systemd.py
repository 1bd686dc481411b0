"""The unit, judged by systemd's own verifier. No test starts it: that needs a login session."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.services import systemd
from hotfolder.services.definition import Service

NAMES = [
    "studio",
    "My Pictures",
    "城の絵",
    "100% $HOME",
    'say "hi"',
    "back\\slash",
    "it's; true #1",
]


@pytest.mark.parametrize("name", NAMES)
def test_systemd_accepts_it(tmp_path: Path, tool: Callable[[str], str], name: str) -> None:
    """Without a word, whatever the studio is called."""
    file = tmp_path / "test.service"
    file.write_text(systemd.unit(Service.of(tmp_path / name)), "utf-8")
    done = subprocess.run(
        [tool("systemd-analyze"), "--user", "--recursive-errors=no", "verify", str(file)],
        capture_output=True,
        check=False,
        text=True,
        env={"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C"},
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "test.service" in line]
    assert said == []
    assert done.returncode == 0, done.stderr


def test_the_verifier_would_complain(tmp_path: Path, tool: Callable[[str], str]) -> None:
    """A unit with a key that does not exist is not accepted in silence."""
    file = tmp_path / "test.service"
    file.write_text(systemd.unit(Service.of(tmp_path)).replace("RestartSec", "RestartSecs"))
    done = subprocess.run(
        [tool("systemd-analyze"), "--user", "verify", str(file)],
        capture_output=True,
        check=False,
        text=True,
        env={"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C"},
    )
    assert "RestartSecs" in done.stderr


def test_what_systemd_reads_differently(tmp_path: Path) -> None:
    """Percent signs, dollars, quotes and backslashes are escaped as its manual says."""
    unit = systemd.unit(Service.of(Path('/a%b/$c/"d"/e\\f')))
    assert '"/a%%b/$$c/\\"d\\"/e\\\\f"' in unit


def test_the_place_of_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It follows XDG_CONFIG_HOME."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    service = Service.of(tmp_path / "studio")
    assert systemd.path(service) == tmp_path / "systemd" / "user" / f"{service.name}.service"
    assert systemd.written(service) is None
