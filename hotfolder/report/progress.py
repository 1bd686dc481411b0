"""What is going on, told while it happens: a bar on a terminal, lines in a log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Protocol

from hotfolder.report.display import Display

_log = logging.getLogger("hotfolder")


@dataclass(frozen=True, slots=True)
class Preview:
    """How a picture in the making looks: `rgb` has three bytes a pixel, row after row."""

    width: int
    height: int
    rgb: bytes


class Progress(Protocol):
    """Who is told of the daemon's doings.

    `which` tells things apart that go on at the same time. `step` and `preview` are called
    from any thread.
    """

    def began(self, what: str, which: int | None = None) -> None:
        """Something is being done: a picture is being made, say."""

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """One more denoising step of a picture that has begun."""

    def preview(self, preview: Preview, which: int | None = None) -> None:
        """How a picture that has begun looks so far; now and then, and not of every model."""

    def ended(self, which: int | None = None) -> None:
        """What has begun is done, or given up."""

    def queue(self, drafts: int, finals: int) -> None:
        """So many pictures are still to be made, without those of endless files."""

    def say(self, sentence: str) -> None:
        """Something happened that its owner wants to know."""

    def warn(self, sentence: str) -> None:
        """Something needs its owner."""


class Lines:
    """One line in the log for each thing that happened."""

    def began(self, what: str, which: int | None = None) -> None:
        """Nothing: only what is finished is worth a line."""

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """Nothing."""

    def preview(self, preview: Preview, which: int | None = None) -> None:
        """Nothing."""

    def ended(self, which: int | None = None) -> None:
        """Nothing."""

    def queue(self, drafts: int, finals: int) -> None:
        """Nothing."""

    def say(self, sentence: str) -> None:
        """A line at level INFO."""
        _log.info("%s", sentence)

    def warn(self, sentence: str) -> None:
        """A line at level WARNING."""
        _log.warning("%s", sentence)


class Bars(Display):
    """Bars for what is being done at the bottom of the terminal, lines of what was done above."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = Console(highlight=False, markup=False, emoji=False)
        self._drawn = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[steps]}"),
            console=self._console,
            refresh_per_second=5,
            transient=True,
        )
        self._tasks: dict[int | None, Any] = {}

    def began(self, what: str, which: int | None = None) -> None:
        """Another bar; a refinement's stands below that of the draft it interrupts."""
        self._tasks[which] = self._drawn.add_task(what, total=None, steps="")

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """Move a bar."""
        shown = f"step {step} of {steps}"
        self._drawn.update(self._tasks[which], completed=step, total=steps, steps=shown)

    def preview(self, preview: Preview, which: int | None = None) -> None:
        """Nothing: there are only bars."""

    def ended(self, which: int | None = None) -> None:
        """Take a bar away."""
        self._drawn.remove_task(self._tasks.pop(which))

    def queue(self, drafts: int, finals: int) -> None:
        """Nothing: there are only bars."""

    def say(self, sentence: str) -> None:
        """A line above the bars."""
        self._console.print(sentence, soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """A yellow line above the bars."""
        self._console.print(sentence, style="yellow", soft_wrap=True)


class Logged:
    """Tells another progress everything, and a log what is said."""

    def __init__(self, shown: Progress, log: logging.Handler) -> None:
        self._log = logging.Logger("hotfolder")
        self._log.addHandler(log)
        self.began = shown.began
        self.step = shown.step
        self.preview = shown.preview
        self.ended = shown.ended
        self.queue = shown.queue
        self._shown = shown

    def say(self, sentence: str) -> None:
        """A line on the screen and one in the log."""
        self._shown.say(sentence)
        self._log.info("%s", sentence)

    def warn(self, sentence: str) -> None:
        """A line on the screen and one in the log."""
        self._shown.warn(sentence)
        self._log.warning("%s", sentence)


class Verbose:
    """Tells another progress everything, and says as well what begins."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self.step = shown.step
        self.preview = shown.preview
        self.ended = shown.ended
        self.queue = shown.queue
        self.say = shown.say
        self.warn = shown.warn

    def began(self, what: str, which: int | None = None) -> None:
        """A line before a picture is made."""
        if which is not None:
            self._shown.say(f"begins: {what}")
        self._shown.began(what, which)


class ToProgress(logging.Handler):
    """Shows what the log says among the rest, instead of through the bars."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.WARNING)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """One warning for each record."""
        self._progress.warn(self.format(record))
