"""The launch agent, read back by Python's own reader; launchctl itself exists on macOS only."""

from __future__ import annotations

import plistlib
from pathlib import Path

from hotfolder.services import launchd
from hotfolder.services.definition import Service


def test_agent(tmp_path: Path) -> None:
    """It says what runs, with every character of the path, and that it is kept alive."""
    service = Service.of(tmp_path / 'Mein <Studio> & "mehr" 城 100%')
    agent = plistlib.loads(launchd.agent(service))
    assert agent["ProgramArguments"] == list(service.command())
    assert agent["ProgramArguments"][-1] == str(service.root)
    assert agent["EnvironmentVariables"]["PYTHONUTF8"] == "1"
    assert agent["Label"] == launchd.path(service).stem == service.name
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_nothing_written(tmp_path: Path) -> None:
    """A service that was never installed has no agent."""
    assert launchd.written(Service.of(tmp_path)) is None
