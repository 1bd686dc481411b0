"""A line in the user's crontab: all there is to do, every ten minutes. See crontab(5)."""

from __future__ import annotations

import os
import shlex
import shutil

from hotfolder.errors import HotfolderError
from hotfolder.services.definition import Service, call

NAME = "cron"
_EVERY = "*/10 * * * *"
_NO_CRONTAB = ("no crontab", "No such file")


def offered() -> bool:
    """Whether this computer has crontabs."""
    return shutil.which("crontab") is not None


def line(service: Service) -> str:
    """The line for a service. The comment at its end, which the shell skips, marks it as ours."""
    sets = [f"{name}={shlex.quote(value)}" for name, value in service.environment]
    command = " ".join([*sets, shlex.join(service.command("--once"))])
    # cron itself reads % as the end of a line.
    return f"{_EVERY} {command}".replace("%", "\\%") + f" {_mark(service)}"


def written(service: Service) -> str | None:
    """The lines for a service in the crontab; None if there is none."""
    ours = [other for other in _lines() if _is_ours(other, service)]
    return "\n".join(map(os.fsdecode, ours)) if ours else None


def install(service: Service) -> None:
    """Put the line into the crontab, in place of an earlier one; all other lines stay."""
    _write([*_others(service), os.fsencode(line(service))])


def uninstall(service: Service) -> None:
    """Take the line out of the crontab; all other lines stay."""
    _write(_others(service))


def _others(service: Service) -> list[bytes]:
    return [other for other in _lines() if not _is_ours(other, service)]


def _lines() -> list[bytes]:
    try:
        return call(["crontab", "-l"]).split(b"\n")[:-1]
    except HotfolderError as error:
        if any(says in str(error) for says in _NO_CRONTAB):
            return []
        raise


def _write(lines: list[bytes]) -> None:
    call(["crontab", "-"], b"".join(line + b"\n" for line in lines))


def _is_ours(line: bytes, service: Service) -> bool:
    return line.endswith(b" " + os.fsencode(_mark(service)))


def _mark(service: Service) -> str:
    return f"# {service.name}"
