"""The live view of `hotfolder run` on a terminal: what is being made, what waits, how fast."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hotfolder.report.display import Display
from hotfolder.report.progress import Preview

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_ROWS = 6  # of the preview; each shows two lines of pixels
_MORE_ROWS = 10
_WIDE = 100  # columns from which on there is room for a larger one
_NARROW = 56  # columns below which there is no room beside a preview
_LEAST_S = 20.0  # so long nothing is said of how fast it goes
_SPAN_S = 1800.0


@dataclass(frozen=True, slots=True)
class _Doing:
    what: str
    step: int = 0
    steps: int = 0
    preview: Preview | None = None


class View(Display):
    """Lines of what was done, and below them what is being done. A `Progress`, from any thread."""

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = console or Console(highlight=False, markup=False, emoji=False)
        self._clock = clock
        self._guard = threading.Lock()
        self._doing: dict[int | None, _Doing] = {}
        self._made_at: deque[float] = deque()
        self._since = clock()
        self._wanted: tuple[int, int] = (0, 0)
        self._drawn = Live(
            console=self._console,
            get_renderable=self.shown,
            refresh_per_second=6,
            transient=True,
        )

    def began(self, what: str, which: int | None = None) -> None:
        """Another thing is being done; a refinement stands below the draft it interrupts."""
        with self._guard:
            self._doing[which] = _Doing(what)

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """One more step of it."""
        with self._guard:
            if which in self._doing:
                self._doing[which] = replace(self._doing[which], step=step, steps=steps)

    def preview(self, preview: Preview, which: int | None = None) -> None:
        """How it looks so far."""
        with self._guard:
            if which in self._doing:
                self._doing[which] = replace(self._doing[which], preview=preview)

    def ended(self, which: int | None = None) -> None:
        """It is done, or given up."""
        with self._guard:
            self._doing.pop(which, None)
            if which is not None:
                self._made_at.append(self._clock())

    def queue(self, drafts: int, finals: int) -> None:
        """So many pictures are still to be made."""
        self._wanted = (drafts, finals)

    def say(self, sentence: str) -> None:
        """A line above."""
        self._console.print(sentence, soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """A line above that stands out; each trouble has one."""
        self._console.print(sentence, style="yellow", soft_wrap=True)

    def shown(self) -> RenderableType:
        """What stands below the lines now."""
        from rich.console import Group
        from rich.table import Table

        with self._guard:
            doing = list(self._doing.values())
        width = self._console.width
        lines = Group(*(line for one in doing for line in self._lines(one)), *self._summary())
        preview = next((one.preview for one in reversed(doing) if one.preview), None)
        if preview is None or width < _NARROW or self._console.color_system != "truecolor":
            return lines
        table = Table.grid(padding=(0, 2, 0, 0))
        rows = _MORE_ROWS if width >= _WIDE else _ROWS
        table.add_row(_picture(preview, rows), lines)
        return table

    def _lines(self, one: _Doing) -> Iterator[RenderableType]:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        yield Text(one.what, no_wrap=True, overflow="ellipsis")
        if one.steps:
            row = Table.grid(padding=(0, 1, 0, 0))
            bar = ProgressBar(one.steps, one.step, width=min(28, max(8, self._console.width // 3)))
            row.add_row(bar, Text(f"step {one.step} of {one.steps}", no_wrap=True))
            yield row

    def _summary(self) -> Iterator[Text]:
        from rich.text import Text

        drafts, finals = self._wanted
        parts = [_many(drafts, "draft")] if drafts else []
        parts += [_many(finals, "refinement")] if finals else []
        rate = self._an_hour()
        says = f"{' and '.join(parts)} to make" if parts else ""
        if rate and parts:
            says += f", {_span((drafts + finals) / rate * 3600)}"
        for text in (says, f"{rate:,.0f} pictures an hour" if rate else ""):
            if text:
                yield Text(text, style="dim", no_wrap=True, overflow="ellipsis")

    def _an_hour(self) -> float:
        """How many pictures an hour, as of the last half one; 0 where it is too early to say."""
        now = self._clock()
        with self._guard:
            while self._made_at and self._made_at[0] < now - _SPAN_S:
                self._made_at.popleft()
            count = len(self._made_at)
        span_s = min(_SPAN_S, now - self._since)
        return count / span_s * 3600 if count > 1 and span_s >= _LEAST_S else 0.0


def _picture(preview: Preview, rows: int) -> Text:
    """A picture in half blocks: each sign in so many rows shows two pixels, one above the other."""
    from rich.style import Style
    from rich.text import Text

    rows *= 2
    columns = max(4, min(4 * rows, round(rows * preview.width / preview.height)))
    rgb = preview.rgb

    def colour(x: int, y: int) -> str:
        at = y * preview.height // rows * preview.width + x * preview.width // columns
        red, green, blue = rgb[3 * at : 3 * at + 3]
        return f"#{red:02x}{green:02x}{blue:02x}"

    text = Text(no_wrap=True)
    for y in range(0, rows, 2):
        for x in range(columns):
            text.append("▀", Style(color=colour(x, y), bgcolor=colour(x, y + 1)))
        if y + 2 < rows:
            text.append("\n")
    return text


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _span(seconds: float) -> str:
    """A time in round words."""
    if seconds < 90:
        return "about a minute"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.0f} hours"
