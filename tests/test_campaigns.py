"""A slice of the fault campaigns; `make campaign` runs them in full."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from campaigns.kit import checker
from campaigns.kit.book import Book
from tests.conftest import ROOT

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaigns fork daemons")

SLICE = {"kills": 50, "sequences": 60, "clocks": 10, "machines": 12}
TRACED = {"syscalls": 8, "errors": 8}
PATIENCE_S = 1200  # each step of a campaign has its own; they end where something is wrong


def run(tmp_path: Path, name: str, count: int, kind: str) -> dict[str, object]:
    """A campaign's row."""
    results = tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "campaigns", name, "--count", str(count), "--only", kind]
    subprocess.run(
        [*command, "--seed", "7", "--work", tmp_path / "work", "--results", results],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE_S,
        check=False,
    )
    return json.loads(results.read_text())  # type: ignore[no-any-return]


@pytest.fixture
def strace() -> None:
    """strace is here and allowed to trace."""
    trial = ["strace", "-o", "/dev/null", "true"]
    if not shutil.which("strace") or subprocess.run(trial, check=False).returncode:
        pytest.skip("strace is missing, or not allowed to trace")


@forks
@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(("name", "count"), SLICE.items())
def test_slice(name: str, count: int, tmp_path: Path) -> None:
    """Nothing is lost, doubled, torn, or changed that belongs to somebody."""
    row = run(tmp_path, name, count, "hotfolder")
    assert row["faults"] and not any(row["violations"].values()), row["cases"]  # type: ignore[attr-defined]


@forks
@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(("name", "count"), TRACED.items())
def test_traced_slice(name: str, count: int, tmp_path: Path, strace: None) -> None:
    """Nor is anything when the daemon is killed, or a call fails, in the midst of a job."""
    row = run(tmp_path, name, count, "hotfolder")
    assert row["faults"] and not any(row["violations"].values()), row["cases"]  # type: ignore[attr-defined]


@forks
@pytest.mark.timeout(PATIENCE_S)
def test_naive_writer(tmp_path: Path, strace: None) -> None:
    """The same kills and the same checker find what a naive writer breaks."""
    row = run(tmp_path, "syscalls", 40, "naive")
    assert sum(row["violations"].values()) >= 3  # type: ignore[attr-defined]


def picture(path: Path, seed: int) -> None:
    """A draft as the checker knows it."""
    info = PngInfo()
    recipe = {"kind": "recipe", "prompt": "a boat", "seed": seed}
    info.add_text("hotfolder", json.dumps({"recipe": recipe, "record": {}}))
    Image.new("RGB", (24, 16), (seed, 0, 0)).save(path, pnginfo=info)


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """A studio where one prompt file got its two drafts, and the book that asked for them."""
    root, book = tmp_path / "studio", Book(prompts={"a boat": 2})
    for folder in ("inbox/done", "drafts", "seeds", "final"):
        (root / folder).mkdir(parents=True)
    (root / "inbox" / "done" / "boat.txt").write_text("a boat")
    book.own(root, root / "inbox" / "done" / "boat.txt")
    for seed in (1, 2):
        picture(root / "drafts" / f"{seed}.png", seed)
    return root, asdict(book)


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a draft is gone": ("I1", lambda root: (root / "drafts/1.png").unlink()),
    "one too many": ("I2", lambda root: picture(root / "drafts/3.png", 3)),
    "one twice": ("I2", lambda root: picture(root / "seeds/1.png", 1)),
    "a torn one": ("I3", lambda root: os.truncate(root / "drafts/1.png", 90)),
    "a changed file": ("I4", lambda root: (root / "inbox/done/boat.txt").write_text("a ship")),
    "another time": ("I4", lambda root: os.utime(root / "inbox/done/boat.txt", (1, 1))),
    "a temp file": ("I5", lambda root: (root / "final/.hotfolder-0a.tmp").touch()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_checker(damage: str, finished: tuple[Path, dict[str, object]]) -> None:
    """The checker finds nothing in a good studio, and each damage under its invariant."""
    root, book = finished
    assert checker.check(root, book) == {}
    invariant, harm = DAMAGE[damage]
    harm(root)
    assert invariant in checker.check(root, book)
