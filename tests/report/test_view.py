"""The live view: right at every width, quiet where there are no colours."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from hotfolder.report.progress import Preview
from hotfolder.report.view import View

SKY = Preview(4, 4, bytes([90, 140, 200] * 8 + [60, 120, 60] * 8))


def lines(view: View, console: Console) -> list[str]:
    """What stands below the lines now, without colours."""
    with console.capture() as capture:
        console.print(view.shown())
    return [line.rstrip() for line in capture.get().splitlines()]


def screen(width: int, colours: str | None = None) -> Console:
    """A terminal of so many columns."""
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system=colours,
        legacy_windows=False,
    )


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("name", ["castle.txt", "海辺の城と灯台の長い名前のファイル.txt"])
def test_it_fits(width: int, name: str) -> None:
    """No line is wider than the terminal, whatever the names; the step and the rest are there."""
    now = [0.0]
    console = screen(width)
    view = View(console, lambda: now[0])
    view.began(f"draft for {name}", 1)
    view.step(5, 12, 1)
    view.began(f"final for {name}", 2)
    view.queue(14, 3)
    for number in range(10, 40):
        view.began("draft", number)
        view.ended(number)
        now[0] += 2
    shown = lines(view, console)
    assert all(cell_len(line) <= width for line in shown)
    assert any("step 5 of 12" in line for line in shown)
    assert any("14 drafts and 3 refinements" in line for line in shown)
    assert any("1,800 pictures an hour" in line for line in shown)


def test_a_preview_needs_colours_and_room() -> None:
    """Half blocks beside the words; none on a narrow terminal, none without 16 million colours."""
    for width, colours, shows in (
        (80, "truecolor", True),
        (140, "truecolor", True),
        (40, "truecolor", False),
        (80, None, False),
    ):
        console = screen(width, colours)
        view = View(console)
        view.began("draft for a.txt", 1)
        view.preview(SKY, 1)
        view.step(2, 12, 1)
        assert any("▀" in line for line in lines(view, console)) is shows
        view.ended(1)
        assert not any("▀" in line for line in lines(view, console))


def test_nothing_is_said_too_early() -> None:
    """Two pictures in a second are no measure of an hour."""
    console = screen(80)
    view = View(console, lambda: 0.0)
    for number in (1, 2):
        view.began("draft", number)
        view.ended(number)
    assert not lines(view, console)
