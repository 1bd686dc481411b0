"""What doctor found is shown for people, on terminals and in files."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from hotfolder.report import findings
from hotfolder.report.findings import Finding, Section

SECTIONS = (
    Section(
        "This computer",
        (
            Finding("versions", "good", "hotfolder 1.0 [beta], " + "torch 2.13.0, " * 9),
            Finding("device", "note", "a slow one", "A faster one is faster."),
        ),
    ),
    Section("Profiles", (Finding("sdxl", "bad", "too large", "Choose a smaller one."),)),
)


def shown(terminal: bool) -> str:
    """What `show` prints on a screen of 80 columns."""
    out = io.StringIO()
    screen = Console(
        file=out, width=80, force_terminal=terminal, markup=False, highlight=False, soft_wrap=True
    )
    findings.show(SECTIONS, screen)
    return out.getvalue()


def test_a_file_gets_plain_lines() -> None:
    """One line for each finding, its advice below, no colours and no wrapping."""
    lines = shown(terminal=False).splitlines()
    assert lines[0] == "This computer"
    assert lines[1].startswith("  good  versions: hotfolder 1.0 [beta], torch")
    assert lines[2:4] == ["  note  device: a slow one", "        A faster one is faster."]
    assert lines[4:] == ["Profiles", "  bad   sdxl: too large", "        Choose a smaller one."]


def test_a_terminal_gets_marks_and_columns() -> None:
    """Long texts are wrapped within their column, and no line is wider than the screen."""
    text = Text.from_ansi(shown(terminal=True)).plain
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert " \u2713 versions hotfolder 1.0 [beta], torch 2.13.0," in text
    assert " \u2717 sdxl too large" in text
    assert [line for line in lines if "torch" in line][1].startswith(" " * 12)


def test_the_verdict_counts_what_is_bad() -> None:
    """Notes are no trouble."""
    assert findings.verdict(SECTIONS) == "1 thing needs you."
    assert findings.verdict(SECTIONS[:1]) == "All is well."
    assert findings.verdict(SECTIONS[1:] * 2) == "2 things need you."
