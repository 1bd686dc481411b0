"""`hotfolder service`: have the computer start hotfolder by itself, or no longer."""

from __future__ import annotations

from argparse import Namespace
from types import ModuleType

from hotfolder.errors import EXIT_DONE, HotfolderError
from hotfolder.report.terminal import console
from hotfolder.services.definition import Service
from hotfolder.services.managers import MANAGERS, written
from hotfolder.studio import layout

_NONE = (
    "nothing that could start hotfolder was found on this computer (systemd, launchd, the Task "
    "Scheduler or cron); have `hotfolder run {root}` started at login"
)


def run(options: Namespace) -> int:
    """Install, uninstall or describe what starts hotfolder on a studio."""
    service = Service.of(layout.find(options.studio).root)
    found = {manager: text for manager in MANAGERS if (text := written(manager, service))}
    screen = console()
    if options.action == "install":
        manager = _chosen(options.manager, service)
        for other in found.keys() - {manager}:
            other.uninstall(service)
        manager.install(service)
        screen.print(f"{manager.NAME} starts hotfolder on {service.root} from now on, with this:\n")
        screen.print(manager.written(service))
        screen.print(f"`hotfolder service uninstall {service.root}` removes it again.")
    elif not found:
        screen.print(f"Nothing starts hotfolder on {service.root} automatically.")
    elif options.action == "uninstall":
        for manager in found:
            manager.uninstall(service)
            screen.print(f"{manager.NAME} no longer starts hotfolder on {service.root}.")
    else:
        for manager, text in found.items():
            screen.print(f"{manager.NAME} starts hotfolder on {service.root}, with this:\n\n{text}")
    return EXIT_DONE


def _chosen(name: str | None, service: Service) -> ModuleType:
    for manager in MANAGERS:
        if name == manager.NAME or (name is None and manager.offered()):
            return manager
    raise HotfolderError(_NONE.format(root=service.root))
