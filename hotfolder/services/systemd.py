"""A systemd unit of the user: works from login on, and starts again after trouble.

See systemd.service(5) and, for what is escaped how, systemd.syntax(7).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hotfolder.errors import HotfolderError
from hotfolder.services.definition import Service, call

NAME = "systemd"


def offered() -> bool:
    """Whether systemd manages services of this user."""
    if not shutil.which("systemctl"):
        return False
    try:
        call(["systemctl", "--user", "show-environment"])
    except HotfolderError:
        return False
    return True


def path(service: Service) -> Path:
    """Where the unit of a service lies."""
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(config).expanduser() / "systemd" / "user" / f"{service.name}.service"


def unit(service: Service) -> str:
    """The unit for a service."""
    command = " ".join(_quoted(word).replace("$", "$$") for word in service.command())
    environment = " ".join(_quoted(f"{name}={value}") for name, value in service.environment)
    return f"""\
[Unit]
Description=hotfolder at work on {_specifiers_off(str(service.root))}
StartLimitIntervalSec=0

[Service]
ExecStart={command}
Environment={environment}
Restart=on-failure
RestartSec=30
SuccessExitStatus=130 143
TimeoutStopSec=120

[Install]
WantedBy=default.target
"""


def written(service: Service) -> str | None:
    """The unit that lies there for a service; None if there is none."""
    return path(service).read_text("utf-8") if path(service).is_file() else None


def install(service: Service) -> None:
    """Write the unit, enable it and start it."""
    path(service).parent.mkdir(parents=True, exist_ok=True)
    path(service).write_text(unit(service), "utf-8")
    call(["systemctl", "--user", "daemon-reload"])
    call(["systemctl", "--user", "enable", "--now", path(service).name])


def uninstall(service: Service) -> None:
    """Stop the unit and remove it."""
    call(["systemctl", "--user", "disable", "--now", path(service).name])
    path(service).unlink(missing_ok=True)
    call(["systemctl", "--user", "daemon-reload"])


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers_off(escaped)}"'


def _specifiers_off(text: str) -> str:
    return text.replace("%", "%%")
