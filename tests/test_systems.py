"""What is asked for can be had on every system, for every Python: wheels alone, as pinned."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hotfolder import installation

uv = pytest.importorskip("uv")

ROOT = Path(__file__).parent.parent
# torch has wheels for Macs with Apple silicon and macOS 14 alone.
SYSTEMS = {"windows": "windows", "linux": "linux", "macos": "aarch64-apple-darwin"}
# What the oldest and the newest can have, those between can; `make release` asks for each.
PYTHONS = ["3.11", "3.14", *(["3.12", "3.13"] if os.environ.get("HOTFOLDER_PYTHONS") else [])]
UNREACHED = re.compile(r"dns error|Failed to fetch|error sending request|timed out", re.IGNORECASE)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_has_wheels(tmp_path: Path, system: str, python: str) -> None:
    """Each Python of each system, with the pinned versions, and with all that can be added."""
    command = [
        *(uv.find_uv_bin(), "pip", "compile", "--no-config", "--quiet"),
        *(f"--extra={extra}" for extra in ("test", *installation.EXTRAS)),
        *("--python-platform", SYSTEMS[system], "--python-version", python),
        *("--only-binary", ":all:", "--constraint", str(ROOT / "constraints.txt")),
        *("--python", sys.executable),  # which says nothing of what is resolved
        *("--output-file", str(tmp_path / "wanted.txt"), str(ROOT / "pyproject.toml")),
    ]
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=200, check=False
    )
    if done.returncode and UNREACHED.search(done.stderr) and not os.environ.get("CI"):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    pinned = (ROOT / "constraints.txt").read_text("ascii").casefold().replace("_", "-").split()
    wanted = re.findall(r"^\S+==\S+", (tmp_path / "wanted.txt").read_text("utf-8"), re.MULTILINE)
    others = {"cuda", "nvidia", "triton"}  # torch's own choice for its build
    free = {word for word in wanted if word.casefold() not in pinned}
    assert not {word for word in free if re.split("[-=]", word)[0] not in others}
