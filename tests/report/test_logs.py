"""The log file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hotfolder.report import logs
from hotfolder.report.logs import LogFile
from hotfolder.report.progress import Lines, Logged


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("hotfolder", logging.INFO, __file__, 1, "%s", (text,), None)


def test_it_never_grows_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old lines go with the oldest file; the last ones are in the first."""
    monkeypatch.setattr(logs, "_MOST_BYTES", 2000)
    log = LogFile(tmp_path / "state" / "a.log")
    for number in range(1000):
        log.emit(record(f"draft {number} \\udcff 城"))
    log.close()
    files = sorted((tmp_path / "state").iterdir())
    assert [file.name for file in files] == ["a.log", *(f"a.log.{n}" for n in range(1, 5))]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert "draft 999" in files[0].read_text("utf-8").splitlines()[-1]


def test_a_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that cannot be written are lost, and nobody is troubled with that."""
    log = LogFile(tmp_path / "a.log")
    log.stream = Path("/dev/full").open("w")  # noqa: SIM115 - the log closes it
    log.emit(record("draft" * 10_000))
    assert capsys.readouterr() == ("", "")


def test_what_is_said_on_a_terminal_is_kept(tmp_path: Path) -> None:
    """Sentences go to the screen and to the log, bars only to the screen."""

    class Screen(Lines):
        def say(self, sentence: str) -> None:
            """Keep it."""
            shown.append(sentence)

        warn = began = say

    shown: list[str] = []
    log = LogFile(tmp_path / "a.log")
    progress = Logged(Screen(), log)
    progress.began("a bar")
    progress.say("a draft is made")
    progress.warn("the disk is full")
    log.close()
    assert shown == ["a bar", "a draft is made", "the disk is full"]
    kept = [line.split("  ", 1)[1] for line in (tmp_path / "a.log").read_text().splitlines()]
    assert kept == ["INFO     a draft is made", "WARNING  the disk is full"]
