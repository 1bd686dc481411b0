"""A slice of `python -m tests.fuzz`: damaged pictures are answered in words, soon and cheaply."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import fuzz


def test_a_thousand_damaged_pictures(tmp_path: Path) -> None:
    """No error but ours, none over 2 s or 500 MB, nothing opened outside the studio."""
    command = [sys.executable, "-m", "tests.fuzz", "--files", "1000", "--seed", "2026"]
    done = subprocess.run(
        [*command, "--keep", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert done.stdout.endswith("0 findings\n")


def test_a_file_is_decided_by_its_number() -> None:
    """What was found once can be looked at again."""
    pictures = fuzz.originals()
    some = [fuzz.damaged(pictures, 5, number) for number in range(40)]
    assert some == [fuzz.damaged(pictures, 5, number) for number in range(40)]
    assert len({data for _, data in some}) > 35


def test_the_watch_sees_what_is_opened_elsewhere(tmp_path: Path) -> None:
    """Reading outside, writing anywhere, starting a program: each is a finding."""
    watch = fuzz.Watch(tmp_path)
    (tmp_path / "inside").write_text("x")
    watch.on = True
    (tmp_path / "inside").read_text()
    assert watch.seen == []
    Path("/etc/hostname").read_text()
    (tmp_path / "new").write_text("x")
    subprocess.run(["true"], check=True)
    watch.on = False
    assert any("/etc/hostname" in seen for seen in watch.seen)
    assert any("new" in seen for seen in watch.seen)
    assert any(seen.startswith("subprocess.Popen") for seen in watch.seen)
