"""The executor of a Ray cluster: slots come and go with its computers."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import threading
from pathlib import Path

from hotfolder import installation
from hotfolder.errors import HotfolderError, refusal
from hotfolder.executors import child, frames
from hotfolder.executors.orders import Began, Joined, Left, OnReport, Order, To, Trouble
from hotfolder.recipes.settings import ExecutorChoice, Settings
from hotfolder.studio.store import local

RENDERER = "hotfolder.executors.ray.actor:engine"
_LOG = "ray.log"  # what Ray itself says, for programmers
_LONGEST_PAUSE_S = 30.0


def opened(settings: Settings, base: Path, on_report: OnReport) -> Cluster:
    """The executor of the cluster that the settings name. Raises HotfolderError without Ray."""
    if importlib.util.find_spec("ray") is None:
        says = f"the executor 'ray' is not installed; `{installation.remedy('ray')}` adds it"
        raise HotfolderError(says)
    return Cluster(settings.executor_choice, base, on_report)


class Cluster:
    """Has the workers of a cluster render, by way of a process that is started anew when it ends.

    `renderer` names what makes a worker's renderer, as `pkgutil.resolve_name` reads it.
    """

    slots = 0

    def __init__(
        self, choice: ExecutorChoice, base: Path, on_report: OnReport, renderer: str = RENDERER
    ) -> None:
        self._choice = choice
        self._base = base
        self._on_report = on_report
        self._renderer = renderer
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._driver: subprocess.Popen[bytes] | None = None
        self._there: set[int] = set()
        self._next = 0
        self._pause_s = 0.0
        self._thread = threading.Thread(target=self._serve, name="cluster", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The cluster, in words."""
        return called(self._choice.address)

    def give(self, slot: int, order: Order) -> None:
        """Pass an order on; one for a slot that has left is forgotten with all that was on it."""
        with self._guard:
            if self._driver is None or slot not in self._there:
                return
            assert self._driver.stdin is not None  # noqa: S101 - it was asked for
            with contextlib.suppress(OSError):  # `_serve` tells that the driver is gone
                frames.write(self._driver.stdin, To(slot, order))

    def close(self) -> None:
        """Leave the cluster; Ray ends the actors of a driver that has ended."""
        self._closing.set()
        with self._guard:
            driver = self._driver
        if driver is not None:
            child.end(driver)
        self._thread.join(child.PATIENCE_S)

    def _serve(self) -> None:
        """Keep a driver running, with longer pauses while none gets to work."""
        while not self._closing.wait(self._pause_s):
            try:
                driver = self._started()
            except OSError as error:
                self._say(f"no process can be started ({refusal(error)})")
            else:
                self._listen(driver)
            self._pause_s = min(_LONGEST_PAUSE_S, max(1.0, 2 * self._pause_s))

    def _started(self) -> subprocess.Popen[bytes]:
        # Ray listens on all of a computer's addresses, whatever it is told: so there is a token.
        usual = {"RAY_AUTH_MODE": "token", "RAY_NUM_REDIS_GET_RETRIES": "5", "PYTHONUTF8": "1"}
        choice = self._choice
        with local.opened(local.folder(self._base) / _LOG, "wb") as log:
            driver = child.start(
                "hotfolder.executors.ray.driver",
                choice.address,
                *map(str, (choice.gpu_share, choice.cores, self._next, self._base)),
                self._renderer,
                environment={**usual, **os.environ},
                errors=log,
            )
        with self._guard:
            self._driver = driver
        return driver

    def _listen(self, driver: subprocess.Popen[bytes]) -> None:
        """Pass reports on until the driver ends, and with it all slots."""
        assert driver.stdout is not None  # noqa: S101 - it was asked for
        says = "the process that belongs to it has ended, and is started again"
        with driver.stdout:
            while (report := frames.read_report(driver.stdout)) is not None:
                if isinstance(report, Joined):
                    self._pause_s = 0.0
                    with self._guard:
                        self._there.add(report.slot)
                        self._next = report.slot + 1
                elif isinstance(report, Left):
                    with self._guard:
                        self._there.discard(report.slot)
                elif isinstance(report, Trouble) and report.where == self.name and report.says:
                    says = report.says
                    continue
                if not isinstance(report, Began):
                    self._on_report(report)
        with self._guard:
            self._driver = None
            gone, self._there = self._there, set()
        driver.wait()
        for slot in sorted(gone):
            self._on_report(Left(slot))
        if not self._closing.is_set():
            self._say(says)

    def _say(self, says: str) -> None:
        self._on_report(Trouble(self.name, says))


def called(address: str) -> str:
    """A cluster, in words."""
    return "the Ray cluster" if address == "auto" else f"the Ray cluster at {address}"
