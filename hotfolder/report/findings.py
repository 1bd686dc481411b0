"""What `hotfolder doctor` found, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

State = Literal["good", "note", "bad"]
_MARKS: dict[State, tuple[str, str]] = {
    "good": ("\u2713", "green"),
    "note": ("\u2022", "yellow"),
    "bad": ("\u2717", "bold red"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and what to do about it, if anything."""

    topic: str
    state: State
    says: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Findings that belong together."""

    title: str
    findings: tuple[Finding, ...]


def show(sections: Sequence[Section], screen: Console) -> None:
    """Print the findings: with marks and colours on a terminal, as plain lines elsewhere."""
    for section in sections:
        if screen.is_terminal:
            _show_on_terminal(section, screen)
        else:
            _show_plainly(section, screen)


def verdict(sections: Sequence[Section]) -> str:
    """The closing sentence."""
    states = [finding.state for section in sections for finding in section.findings]
    if bad := states.count("bad"):
        return f"{bad} {'thing needs' if bad == 1 else 'things need'} you."
    return "All is well."


def _show_on_terminal(section: Section, screen: Console) -> None:
    screen.print(Text(f"\n{section.title}", style="bold"))
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    for finding in section.findings:
        mark, style = _MARKS[finding.state]
        text = Text(finding.says)
        if finding.advice:
            text.append(f"\n{finding.advice}", style="dim italic")
        table.add_row(Text(f" {mark}", style=style), finding.topic, text)
    screen.print(table, soft_wrap=False)


def _show_plainly(section: Section, screen: Console) -> None:
    screen.print(section.title)
    for finding in section.findings:
        screen.print(f"  {finding.state:4}  {finding.topic}: {finding.says}")
        if finding.advice:
            screen.print(f"        {finding.advice}")
