"""Windows' Task Scheduler: at work from log-on, without a window, and started again after trouble.

See schtasks.exe and the Task Scheduler schema. A task takes no environment along: it has the
account's.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from html import escape
from pathlib import Path

from hotfolder.errors import HotfolderError
from hotfolder.services.definition import Service, call
from hotfolder.studio.store import local

NAME = "task-scheduler"

# A task that ends counts as done, whatever its exit code. So it is also begun every ten minutes,
# which does nothing while it runs.
_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>hotfolder at work on {root}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Repetition><Interval>PT10M</Interval></Repetition>
      <Enabled>true</Enabled>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def offered() -> bool:
    """Whether this is Windows."""
    return sys.platform == "win32"


def path(service: Service) -> Path:
    """Where the description of a task is kept, which the Task Scheduler has read."""
    return local.folder(service.root) / "task.xml"


def description(service: Service) -> str:
    """The task as XML."""
    import psutil  # `hotfolder status` asks for no more than whether there is a task

    python, *arguments = service.command()
    return _TASK.format(
        root=escape(str(service.root)),
        user=escape(psutil.Process().username()),  # "DOMAIN\\name" there
        program=escape(_windowless(python)),
        arguments=escape(subprocess.list2cmdline(["-X", "utf8", *arguments])),
    )


def written(service: Service) -> str | None:
    """The description of the task that there is; None if there is none."""
    return path(service).read_text("utf-16") if path(service).is_file() else None


def install(service: Service) -> None:
    """Make the task and start it, in place of an earlier one."""
    local.replace(path(service), description(service).encode("utf-16"))
    try:
        call(["schtasks", "/Create", "/TN", service.name, "/XML", str(path(service)), "/F"])
    except HotfolderError:
        path(service).unlink()
        raise
    call(["schtasks", "/Run", "/TN", service.name])


def uninstall(service: Service) -> None:
    """End the task and remove it."""
    with suppress(HotfolderError):  # it does not run
        call(["schtasks", "/End", "/TN", service.name])
    call(["schtasks", "/Delete", "/TN", service.name, "/F"])
    path(service).unlink(missing_ok=True)


def _windowless(python: str) -> str:
    """The Python that opens no window, where there is one beside the other."""
    beside = Path(python).with_name("pythonw.exe")
    return str(beside) if beside.is_file() else python
