"""How far a training is: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from hotfolder.report.display import Display
from hotfolder.report.durations import spoken
from hotfolder.report.terminal import console

_LINES = 10  # for a whole training, where nobody watches


class Learning(Display):
    """Tells of the steps of one thing after another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._console = console()
        self._drawn = self._bars = self._made() if sys.stdout.isatty() else None
        self._task: Any = None
        self._what = ""
        self._began_at = self._from = 0.0
        self._told = -1
        self._waits = False

    def _made(self) -> Any:
        from rich.progress import BarColumn, Progress, TextColumn

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
        )

    def say(self, sentence: str) -> None:
        """A line above all else."""
        self._console.print(sentence)

    def begin(self, what: str, done: int = 0) -> None:
        """Something else is done from now on; so much of it was done before."""
        self._what, self._began_at, self._from = what, self._clock(), done
        self._told, self._waits = -1, False
        if self._bars is not None:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._task = self._bars.add_task(what, total=None, left="")

    def step(self, step: int, steps: int) -> None:
        """So much of it is done."""
        self._waits = False
        spent_s = self._clock() - self._began_at
        left_s = spent_s / max(1, step - self._from) * (steps - step)
        left = f"{step} of {steps}, {spoken(left_s)} left"
        if self._bars is not None:
            self._bars.update(self._task, completed=step, total=steps, left=left)
        elif (line := step * _LINES // steps) != self._told:
            self._told = line
            self.say(f"{self._what}: {left}")

    def wait(self, why: str) -> None:
        """It waits, which is told once."""
        if self._waits:
            return
        self._waits = True
        if self._bars is not None:
            self._bars.update(self._task, left=why)
        else:
            self.say(f"{self._what}: {why}")
