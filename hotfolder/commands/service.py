"""`hotfolder service`: have the computer start hotfolder by itself, or no longer."""

from __future__ import annotations

from argparse import Namespace
from types import ModuleType

from hotfolder.errors import EXIT_DONE, HotfolderError
from hotfolder.report.terminal import console
from hotfolder.services.managers import MANAGERS, written
from hotfolder.services.task import Task
from hotfolder.studio import layout

_NONE = (
    "nothing on this computer that could start hotfolder is known (systemd, launchd or cron); "
    "let `hotfolder run {root}` be started at login, on Windows by the Task Scheduler"
)


def run(options: Namespace) -> int:
    """Install, uninstall or describe what starts hotfolder on a studio."""
    task = Task.of(layout.find(options.studio).root)
    found = {service: text for service in MANAGERS if (text := written(service, task))}
    screen = console()
    if options.action == "install":
        service = _chosen(options.manager, task)
        for other in found.keys() - {service}:
            other.uninstall(task)
        service.install(task)
        screen.print(f"{service.NAME} starts hotfolder on {task.root} from now on, by this:\n")
        screen.print(service.written(task))
        screen.print(f"`hotfolder service uninstall {task.root}` takes it away again.")
    elif not found:
        screen.print(f"Nothing starts hotfolder on {task.root} by itself.")
    elif options.action == "uninstall":
        for service in found:
            service.uninstall(task)
            screen.print(f"{service.NAME} no longer starts hotfolder on {task.root}.")
    else:
        for service, text in found.items():
            screen.print(f"{service.NAME} starts hotfolder on {task.root}, by this:\n\n{text}")
    return EXIT_DONE


def _chosen(name: str | None, task: Task) -> ModuleType:
    for service in MANAGERS:
        if name == service.NAME or (name is None and service.offered()):
            return service
    raise HotfolderError(_NONE.format(root=task.root))
