"""Starts daemons fast: a campaign's process has everything imported, and forks one child for each.

The child runs the same command line as a process that a person starts; only the engine is the
painter. Nothing here may start a thread, since a forked child would inherit its locks.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import dynamicprompts.parser.parse  # noqa: F401 - this and the next are what takes long
import PIL.Image

import hotfolder.commands.run
import hotfolder.executors.opening
import hotfolder.press
from campaigns.kit import naive, painter
from hotfolder.cli import main
from hotfolder.errors import HotfolderError
from hotfolder.executors.orders import OnReport
from hotfolder.executors.ray.executor import Cluster
from hotfolder.images import metadata
from hotfolder.prompts import formats
from hotfolder.recipes.settings import ExecutorChoice
from hotfolder.renders import OpenExecutor
from hotfolder.stars import detectors
from hotfolder.studio.layout import find
from hotfolder.studio.store import trust

Kind = Literal["hotfolder", "naive"]


# What the program lists and imports of its own at first use; a fault there is none of a studio's.
metadata.suffixes()
formats.suffixes()
detectors.names()
PIL.Image.init()

PATIENCE_S = 300.0
"""For what surely comes: it costs nothing where all is well, however slow or busy the machine."""

_executor: OpenExecutor = painter.in_a_thread


@dataclass(frozen=True, slots=True)
class Place:
    """Where a daemon works: a studio, and local state and a log that lie outside it.

    `settle_s` is the studio's setting, `step_s` what a denoising step takes. `state` names the
    local state: two daemons with different ones do not see each other's lock.
    """

    root: Path
    state: Path
    settle_s: float = 0.05
    step_s: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the daemons said."""
        return self.state / "log"

    @property
    def trace(self) -> Path:
        """When each render began."""
        return self.state / "trace"


@dataclass(slots=True)
class Running:
    """A daemon's process."""

    pid: int
    code: int | None = None

    def poll(self) -> bool:
        """Whether it is still there."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is None

    def wait(self, seconds: float) -> int:
        """Its exit code; raises TimeoutError if it does not end in time."""
        until(lambda: not self.poll(), seconds)
        assert self.code is not None
        return self.code

    def send(self, number: int) -> None:
        """A signal, if it is still there."""
        if self.poll():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self.send(signal.SIGKILL)
        self.wait(PATIENCE_S)

    def stop(self) -> None:
        """SIGTERM, and wait for its end; SIGKILL if it takes too long."""
        self.send(signal.SIGTERM)
        try:
            self.wait(PATIENCE_S / 5)
        except TimeoutError:
            self.kill()


def start(
    kind: Kind,
    place: Place,
    *options: str,
    stopped: bool = False,
    before: Callable[[], None] | None = None,
) -> Running:
    """A daemon at work on a studio; `options` as on the command line.

    `stopped`: it waits for SIGCONT before it does anything, so that a tracer can take hold of it.
    `before` is called in the child.
    """
    place.state.mkdir(parents=True, exist_ok=True)
    pid = os.fork()
    if pid:
        return Running(pid)
    code = 70
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, 256)  # nothing of the campaign's stays open in here
        os.environ["XDG_STATE_HOME"] = str(place.state)
        os.environ.update(place.environment)
        with contextlib.suppress(HotfolderError):  # it may not be there now
            trust.record(find(place.root), trusted=True)  # a copy lies at another place
        if "TZ" in place.environment:
            time.tzset()
        painter.step_s, painter.trace = place.step_s, place.trace
        if before:
            before()
        if stopped:
            os.kill(os.getpid(), signal.SIGSTOP)
        code = _run(kind, place.root, options)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _run(kind: Kind, root: Path, options: Sequence[str]) -> int:
    if kind == "naive":
        return naive.main(root, "--once" in options)
    hotfolder.commands.run.open_executor = _executor
    sys.modules["hotfolder.render.engine"] = None  # type: ignore[assignment] # the painter paints
    return main(["run", str(root), *options])


def in_one_thread() -> None:
    """For `before`: the daemon paints and publishes in its main thread.

    Then the k-th system call of that thread is the same one in each run.
    """
    global _executor  # noqa: PLW0603 - in a child that was forked for one daemon
    _executor = painter.here
    painter.trace = None
    hotfolder.press.ThreadPoolExecutor = painter.Press


def on_a_cluster(address: str) -> None:
    """For `before`: pictures are painted by a Ray cluster."""
    global _executor  # noqa: PLW0603 - in a child that was forked for one daemon
    choice = ExecutorChoice("ray", address)

    def opened(_settings: object, base: Path, on_report: OnReport) -> Cluster:
        return Cluster(choice, base, on_report, "campaigns.kit.painter:on_a_worker")

    _executor = opened


def finish(kind: Kind, place: Place, seconds: float = PATIENCE_S) -> None:
    """Runs with `--once` until one finds nothing that it could not do; at most three."""
    for _ in range(3):
        running = start(kind, place, "--once")
        try:
            if running.wait(seconds) == 0:
                return
        except TimeoutError:
            running.kill()


def traced(running: Running, *arguments: str) -> subprocess.Popen[bytes]:
    """Attach strace to the main thread of a daemon that waits `stopped`, then let it go on."""
    status = Path(f"/proc/{running.pid}/status")
    until(lambda: "State:\tT" in status.read_text(), PATIENCE_S)
    tracer = subprocess.Popen(
        ["strace", "-qq", "-p", str(running.pid), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: "TracerPid:\t0\n" not in status.read_text(), PATIENCE_S)
    os.kill(running.pid, signal.SIGCONT)
    return tracer


def until(condition: Callable[[], bool], seconds: float, every_s: float = 0.005) -> None:
    """Wait for something that another process does; raises TimeoutError after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(every_s)


def kill_all(running: Iterable[Running]) -> None:
    """SIGKILL for all of them."""
    for one in running:
        one.kill()
