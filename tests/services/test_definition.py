"""The command that services run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hotfolder.errors import HotfolderError
from hotfolder.services.definition import Service, call


def test_a_command_for_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names its Python and the studio in full, and takes along where state and models lie."""
    monkeypatch.setenv("HF_HOME", "/models")
    monkeypatch.setenv("UNRELATED", "1")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    service = Service.of(tmp_path / "My Pictures")
    assert service.name.startswith("hotfolder-my-pictures-")
    command = service.command("--once")
    assert command == (
        sys.executable, "-P", "-m", "hotfolder", "run", "--once", str(tmp_path / "My Pictures")
    )  # fmt: skip
    environment = dict(service.environment)
    assert (environment["PYTHONUTF8"], environment["HF_HOME"]) == ("1", "/models")
    assert not {"UNRELATED", "XDG_CACHE_HOME"} & set(environment)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[0m", "caf\udce9"])
def test_paths_that_no_service_can_hold(tmp_path: Path, name: str) -> None:
    """Line ends and broken bytes would become something else in a crontab or a unit."""
    with pytest.raises(HotfolderError, match="rename it"):
        Service.of(tmp_path / name)


def test_programs_that_fail() -> None:
    """They are quoted with what they say, and one that is missing is named."""
    python = [sys.executable, "-c"]
    assert call([*python, "print(input(), end='')"], b"text") == b"text"
    with pytest.raises(HotfolderError, match=r"` failed: no luck"):
        call([*python, "import sys; print('no luck', file=sys.stderr); sys.exit(3)"])
    with pytest.raises(HotfolderError, match="exit code 3"):
        call([*python, "import sys; sys.exit(3)"])
    with pytest.raises(HotfolderError, match="does not work"):
        call(["/nowhere/systemctl"])
