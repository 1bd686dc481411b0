"""One slot for each of several devices, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from hotfolder.errors import refusal
from hotfolder.executors import child, frames
from hotfolder.executors.orders import (
    Began,
    Failed,
    Load,
    Lost,
    OnReport,
    Order,
    Staff,
    Stepped,
    Task,
)


class Processes:
    """Renders in processes that are started when they are first needed, and again when lost."""

    def __init__(self, devices: Sequence[str], base: Path, on_report: OnReport) -> None:
        self.slots = len(devices)
        self._served = [_Slot(device, len(devices), base, on_report) for device in devices]

    def give(self, slot: int, order: Order) -> None:
        """Pass an order on to the process of a slot."""
        self._served[slot].give(order)

    def close(self) -> None:
        """End all processes."""
        for slot in self._served:
            slot.close()


class _Slot:
    """The process that serves a slot, if there is one, and the pictures it was asked for."""

    def __init__(self, device: str, slots: int, base: Path, on_report: OnReport) -> None:
        self._device = device
        self._slots = slots
        self._base = base
        self._on_report = on_report
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._given: set[int] = set()

    def give(self, order: Order) -> None:
        with self._guard:
            if self._process is None:
                if not isinstance(order, Task | Load):
                    return  # what it was about has gone with its process
                try:
                    self._process = self._started()
                except OSError as error:
                    if isinstance(order, Task):
                        says = f"no process can be started ({refusal(error)})"
                        for attempt in order.pictures:
                            self._on_report(self._failed(attempt, says))
                    return
            if isinstance(order, Task):
                self._given |= order.pictures.keys()
            assert self._process.stdin is not None  # noqa: S101 - it was asked for
            with contextlib.suppress(OSError):  # `_listen` tells that the process is gone
                frames.write(self._process.stdin, order)

    def close(self) -> None:
        with self._guard:
            process = self._process
        if process is not None:
            child.end(process, patience_s=0)  # it has nothing to lose, and may be reading a model

    def _started(self) -> subprocess.Popen[bytes]:
        """A new process. It is spawned, not forked: torch's threads and devices survive no fork."""
        device, more = _only(self._device, self._slots)
        module = "hotfolder.executors.process"
        process = child.start(module, device, str(self._base), environment={**os.environ, **more})
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Pass reports on until the process ends, and with it all that it was still to do.

        That is the device's fault if the process says so, or ends before it has begun.
        """
        assert process.stdout is not None  # noqa: S101 - it was asked for
        began, trouble = False, ""
        with process.stdout:
            while (report := frames.read_report(process.stdout)) is not None:
                if isinstance(report, Began):
                    began, trouble = True, report.trouble
                    continue
                if isinstance(report, Staff):
                    continue  # nobody comes or goes here
                if not isinstance(report, Stepped):
                    with self._guard:
                        self._given.discard(report.attempt)
                if isinstance(report, Failed) and report.device:
                    trouble = report.says
                    report = self._failed(report.attempt, trouble)
                self._on_report(report)
        with self._guard:
            self._process = None
            lost, self._given = self._given, set()
        status = process.wait()
        if not began:
            how = f"with code {status}" if status >= 0 else f"by signal {-status}"
            trouble = f"the process that renders on it stopped as soon as it was started, {how}"
        for attempt in lost:
            self._on_report(self._failed(attempt, trouble) if trouble else Lost(attempt))

    def _failed(self, attempt: int, trouble: str) -> Failed:
        return Failed(attempt, f"{self._device}: {trouble}", expected=False, device=True)


def _only(device: str, slots: int) -> tuple[str, dict[str, str]]:
    """How a process is told to use one device alone: its name there, and the environment.

    Several processes that compute on the CPU share its cores.
    """
    kind, _, number = device.partition(":")
    if kind == "cuda" and number:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        names = visible.split(",") if visible else []
        chosen = names[int(number)] if int(number) < len(names) else number
        return kind, {"CUDA_VISIBLE_DEVICES": chosen}
    if kind == "cpu" and slots > 1:
        return kind, {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // slots))}
    return device, {}
