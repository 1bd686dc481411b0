"""A slice of the fault campaigns; `make campaign` runs them in full."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaigns fork daemons")

SLICE = {"kills": 50, "sequences": 60, "clocks": 10}
TRACED = {"syscalls": 24, "errors": 8}


def run(tmp_path: Path, name: str, count: int, kind: str) -> dict[str, object]:
    """A campaign's row."""
    results = tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "campaigns", name, "--count", str(count), "--only", kind]
    subprocess.run(
        [*command, "--seed", "7", "--work", tmp_path / "work", "--results", results],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=False,
    )
    return json.loads(results.read_text())  # type: ignore[no-any-return]


@pytest.fixture
def strace() -> None:
    """strace is here and allowed to trace."""
    trial = ["strace", "-o", "/dev/null", "true"]
    if not shutil.which("strace") or subprocess.run(trial, check=False).returncode:
        pytest.skip("strace is missing, or not allowed to trace")


@pytest.mark.parametrize(("name", "count"), SLICE.items())
def test_slice(name: str, count: int, tmp_path: Path) -> None:
    """Nothing is lost, doubled, torn, or changed that belongs to somebody."""
    row = run(tmp_path, name, count, "hotfolder")
    assert row["faults"] and not any(row["violations"].values()), row["cases"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "count"), TRACED.items())
def test_traced_slice(name: str, count: int, tmp_path: Path, strace: None) -> None:
    """Nor is anything when the daemon is killed, or a call fails, in the midst of a job."""
    row = run(tmp_path, name, count, "hotfolder")
    assert row["faults"] and not any(row["violations"].values()), row["cases"]  # type: ignore[attr-defined]


def test_naive_writer(tmp_path: Path, strace: None) -> None:
    """The same kills and the same checker find what a naive writer breaks."""
    row = run(tmp_path, "syscalls", 40, "naive")
    assert sum(row["violations"].values()) >= 3  # type: ignore[attr-defined]
