"""The task of Windows' Task Scheduler; where there is one, it reads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hotfolder.services import task_scheduler
from hotfolder.services.definition import Service
from hotfolder.services.managers import installed

SCHEMA = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


@pytest.mark.parametrize("name", ["My Pictures", "城の絵", "a & b <c>", "100% $HOME"])
def test_what_it_starts(tmp_path: Path, name: str) -> None:
    """This Python on this studio, at log-on, without end, whatever the folder's name."""
    service = Service.of(tmp_path / name)
    root = ElementTree.fromstring(task_scheduler.description(service).encode("utf-16"))  # noqa: S314

    def text(path: str) -> str:
        return root.findtext("/".join(f"t:{part}" for part in path.split("/")), "", SCHEMA)

    assert text("Actions/Exec/Command") == task_scheduler._windowless(sys.executable)
    arguments = ["-X", "utf8", "-P", "-m", "hotfolder", "run", str(tmp_path / name)]
    assert text("Actions/Exec/Arguments") == subprocess.list2cmdline(arguments)
    assert text("Settings/ExecutionTimeLimit") == "PT0S"
    assert text("Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert text("Triggers/LogonTrigger/UserId") == text("Principals/Principal/UserId") != ""


def test_no_window_is_opened(tmp_path: Path) -> None:
    """Of two Pythons side by side the one without a window is taken."""
    python = tmp_path / "python.exe"
    python.touch()
    assert task_scheduler._windowless(str(python)) == str(python)
    (tmp_path / "pythonw.exe").touch()
    assert task_scheduler._windowless(str(python)) == str(tmp_path / "pythonw.exe")


@pytest.mark.skipif(sys.platform != "win32", reason="schtasks is Windows' own")
def test_the_task_scheduler_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made, known and removed again; here it is not started."""
    told = []
    real = task_scheduler.call

    def call(command: list[str]) -> bytes:
        told.append(command[1])
        return b"" if command[1] in ("/Run", "/End") else real(command)

    monkeypatch.setattr(task_scheduler, "call", call)
    service = Service.of(tmp_path / "My Pictures")
    assert installed(service) == []
    task_scheduler.install(service)
    assert installed(service) == ["task-scheduler"]
    task_scheduler.install(service)
    task_scheduler.uninstall(service)
    assert installed(service) == []
    assert told == ["/Create", "/Run", "/Create", "/Run", "/End", "/Delete"]
