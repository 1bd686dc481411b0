"""The launch agent, read back by Python's own reader; launchctl itself exists on macOS only."""

from __future__ import annotations

import plistlib
from pathlib import Path

from hotfolder.services import launchd
from hotfolder.services.task import Task


def test_agent(tmp_path: Path) -> None:
    """It says what runs, with every character of the path, and that it is kept alive."""
    task = Task.of(tmp_path / 'Mein <Studio> & "mehr" 城 100%')
    agent = plistlib.loads(launchd.agent(task))
    assert agent["ProgramArguments"] == list(task.command())
    assert agent["ProgramArguments"][-1] == str(task.root)
    assert agent["EnvironmentVariables"]["PYTHONUTF8"] == "1"
    assert agent["Label"] == launchd.path(task).stem == task.name
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_nothing_written(tmp_path: Path) -> None:
    """A task that was never installed has no agent."""
    assert launchd.written(Task.of(tmp_path)) is None
