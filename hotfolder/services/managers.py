"""The service managers that hotfolder knows, the best first, and which of them starts a studio."""

from __future__ import annotations

from types import ModuleType

from hotfolder.services import cron, launchd, systemd, task_scheduler
from hotfolder.services.definition import Service

MANAGERS = (systemd, launchd, task_scheduler, cron)


def written(manager: ModuleType, service: Service) -> str | None:
    """What a manager has been told to start hotfolder on a studio; None for nothing."""
    if manager is cron and not cron.offered():
        return None
    text: str | None = manager.written(service)
    return text


def installed(service: Service) -> list[str]:
    """The names of the managers that start hotfolder on a studio by themselves."""
    return [manager.NAME for manager in MANAGERS if written(manager, service)]
