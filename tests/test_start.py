"""A double click: start.sh, start.command and start.bat."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="start.bat is for Windows")
windows = pytest.mark.skipif(sys.platform != "win32", reason="start.sh is for the others")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A downloaded folder, with nothing set up yet."""
    made = tmp_path / "a folder"
    made.mkdir()
    for name in ("start.sh", "start.command", "start.bat"):
        shutil.copy(ROOT / name, made)
    return made


def started(
    script: Path, studio: Path, path: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """What a double click says and does, without windows and without going on for ever."""
    environment = {**os.environ, "HOTFOLDER_NO_WINDOW": "1", "HOTFOLDER_ONCE": "1"}
    environment |= {"PYTHONPATH": str(ROOT), **more} | ({"PATH": path} if path else {})
    shell = ["cmd", "/c"] if sys.platform == "win32" else ["/bin/sh"]
    return subprocess.run(
        [*shell, script.name, str(studio)],
        capture_output=True,
        text=True,
        cwd=script.parent,
        env=environment,
        timeout=300,
        check=False,
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


def test_a_disk_without_room(folder: Path, tmp_path: Path) -> None:
    """Before anything is fetched it says how much is free, how much is needed, and what to do."""
    script = folder / ("start.bat" if sys.platform == "win32" else "start.sh")
    done = started(script, tmp_path / "studio", HOTFOLDER_ROOM="90000")
    assert done.returncode == 1
    says = done.stdout + done.stderr
    assert re.search(r"Only \d+ GB are free on this disk; hotfolder needs about 90000 GB", says)
    assert "move this folder to another disk" in says
    assert {file.name for file in folder.iterdir()} == {"start.sh", "start.command", "start.bat"}


def test_the_batch_file_can_be_read_by_windows() -> None:
    """ASCII alone, lines that end as there, and every label that it jumps to."""
    data = (ROOT / "start.bat").read_bytes()
    text = data.decode("ascii")
    assert data.count(b"\n") == data.count(b"\r\n")
    labels = {line[1:].strip() for line in text.splitlines() if line.startswith(":")}
    jumps = {word for line in text.splitlines() for word in line.split("goto ")[1:]}
    assert {jump.split()[0].strip() for jump in jumps} <= labels


@windows
def test_a_second_click_just_starts_there_too(folder: Path, tmp_path: Path) -> None:
    """What was set up is used, by whatever folder and names."""
    uv = pytest.importorskip("uv")
    command = [uv.find_uv_bin(), "venv", "--quiet", "--python", sys.executable, folder / ".venv"]
    subprocess.run(command, check=True)
    # This environment has nothing of its own: it borrows all that is here.
    (folder / ".venv/Lib/site-packages/all.pth").write_text("\n".join(sys.path), "utf-8")
    studio = tmp_path / "my studio"
    done = started(folder / "start.bat", studio)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (studio / "inbox").is_dir()
    assert not (folder / "setup.log").exists()


@windows
def test_without_a_network_and_python_it_says_so_there_too(folder: Path, tmp_path: Path) -> None:
    """The system's own programs alone are found, and no PowerShell that could fetch one."""
    system = os.environ["SYSTEMROOT"] + "\\system32"
    done = started(folder / "start.bat", tmp_path / "studio", system)
    assert done.returncode == 1
    assert "or install Python 3.12 from python.org" in done.stdout
    assert not (folder / ".venv").exists()


@windows
def test_what_torch_may_lack_there(folder: Path, tmp_path: Path) -> None:
    """Where torch cannot be imported, the runtime that is mostly missing is named."""
    uv = pytest.importorskip("uv")
    command = [uv.find_uv_bin(), "venv", "--quiet", "--python", sys.executable, tmp_path / "made"]
    subprocess.run(command, check=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    # In the place of uv: it makes an environment with a hotfolder and a torch that does not load.
    (tools / "uv.bat").write_text(
        "@if %1==pip exit /b 0\n"
        f'@xcopy /e /i /q "{tmp_path / "made"}" .venv >nul\n'
        "@type nul >.venv\\Lib\\site-packages\\hotfolder.py\n"
        "@echo raise OSError(126, 'c10.dll') >.venv\\Lib\\site-packages\\torch.py\n"
    )
    system = os.environ["SYSTEMROOT"] + "\\system32"
    done = started(folder / "start.bat", tmp_path / "studio", f"{tools};{system}")
    assert done.returncode == 1
    assert "vc_redist.x64.exe" in done.stdout
