"""A double click: start.sh, start.command and start.bat."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="start.bat is for Windows")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A downloaded folder, with nothing set up yet."""
    made = tmp_path / "a folder"
    made.mkdir()
    for name in ("start.sh", "start.command"):
        shutil.copy(ROOT / name, made)
    return made


def started(
    script: Path, studio: Path, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    """What a double click says and does, without windows and without going on for ever."""
    environment = {**os.environ, "HOTFOLDER_NO_WINDOW": "1", "HOTFOLDER_ONCE": "1"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"PATH": path} if path else {})
    command = ["/bin/sh", str(script), str(studio)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False
    )


@posix
@pytest.mark.parametrize("name", ["start.sh", "start.command"])
def test_a_second_click_just_starts(folder: Path, tmp_path: Path, name: str) -> None:
    """What was set up is used: a studio is made where there is none, and worked on."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    studio = tmp_path / "my studio"
    done = started(folder / name, studio)
    assert done.returncode == 0, done.stderr
    assert (studio / "inbox").is_dir()
    assert not (folder / "setup.log").exists()


@posix
def test_without_a_network_and_python_it_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    """One sentence, and nothing half set up is left."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "df", "awk", "rm", "env", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = started(folder / "start.sh", tmp_path / "studio", str(tools))
    assert done.returncode == 1
    assert "connect to the internet and try again, or install Python 3.12" in done.stderr
    assert not (folder / ".venv").exists()


def test_the_batch_file_can_be_read_by_windows() -> None:
    """ASCII alone, lines that end as there, and every label that it jumps to."""
    data = (ROOT / "start.bat").read_bytes()
    text = data.decode("ascii")
    assert data.count(b"\n") == data.count(b"\r\n")
    labels = {line[1:].strip() for line in text.splitlines() if line.startswith(":")}
    jumps = {word for line in text.splitlines() for word in line.split("goto ")[1:]}
    assert {jump.split()[0].strip() for jump in jumps} <= labels
