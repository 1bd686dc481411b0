"""A launch agent of macOS: works from login on, and starts again after trouble.

See launchd.plist(5) and launchctl(1).
"""

from __future__ import annotations

import os
import plistlib
import sys
from contextlib import suppress
from pathlib import Path

from hotfolder.errors import HotfolderError
from hotfolder.services.task import Task, call

NAME = "launchd"


def offered() -> bool:
    """Whether this is macOS."""
    return sys.platform == "darwin"


def path(task: Task) -> Path:
    """Where the agent of a task lies."""
    return Path("~/Library/LaunchAgents").expanduser() / f"{task.name}.plist"


def agent(task: Task) -> bytes:
    """The property list for a task."""
    return plistlib.dumps(
        {
            "Label": task.name,
            "ProgramArguments": list(task.command()),
            "EnvironmentVariables": dict(task.environment),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 30,
            "ExitTimeOut": 120,
        }
    )


def written(task: Task) -> str | None:
    """The property list that lies there for a task; None if there is none."""
    return path(task).read_text("utf-8") if path(task).is_file() else None


def install(task: Task) -> None:
    """Write the agent and start it, in place of an earlier one."""
    path(task).parent.mkdir(parents=True, exist_ok=True)
    with suppress(HotfolderError):  # none of the name is loaded
        call(["launchctl", "bootout", f"{_domain()}/{task.name}"])
    path(task).write_bytes(agent(task))
    call(["launchctl", "bootstrap", _domain(), str(path(task))])


def uninstall(task: Task) -> None:
    """Stop the agent and remove it."""
    with suppress(HotfolderError):
        call(["launchctl", "bootout", f"{_domain()}/{task.name}"])
    path(task).unlink(missing_ok=True)


def _domain() -> str:
    return f"gui/{os.getuid()}" if sys.platform != "win32" else ""
