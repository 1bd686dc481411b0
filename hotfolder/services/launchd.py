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
from hotfolder.services.definition import Service, call

NAME = "launchd"


def offered() -> bool:
    """Whether this is macOS."""
    return sys.platform == "darwin"


def path(service: Service) -> Path:
    """Where the agent of a service lies."""
    return Path("~/Library/LaunchAgents").expanduser() / f"{service.name}.plist"


def agent(service: Service) -> bytes:
    """The property list for a service."""
    return plistlib.dumps(
        {
            "Label": service.name,
            "ProgramArguments": list(service.command()),
            "EnvironmentVariables": dict(service.environment),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 30,
            "ExitTimeOut": 120,
        }
    )


def written(service: Service) -> str | None:
    """The property list that lies there for a service; None if there is none."""
    return path(service).read_text("utf-8") if path(service).is_file() else None


def install(service: Service) -> None:
    """Write the agent and start it, in place of an earlier one."""
    path(service).parent.mkdir(parents=True, exist_ok=True)
    with suppress(HotfolderError):  # none of the name is loaded
        call(["launchctl", "bootout", f"{_domain()}/{service.name}"])
    path(service).write_bytes(agent(service))
    call(["launchctl", "bootstrap", _domain(), str(path(service))])


def uninstall(service: Service) -> None:
    """Stop the agent and remove it."""
    with suppress(HotfolderError):
        call(["launchctl", "bootout", f"{_domain()}/{service.name}"])
    path(service).unlink(missing_ok=True)


def _domain() -> str:
    if sys.platform == "win32":
        return ""
    return f"gui/{os.getuid()}"
