"""Every example is a complete studio that does what its README says."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from campaigns.kit import painter
from hotfolder import cli
from hotfolder.commands import run
from hotfolder.studio.config import load

EXAMPLES = load.shipped("examples")
RENDERED = {
    "own-profile"
}  # what a profile of one's own says reaches the model; the rest is painted


@pytest.mark.timeout(1200)  # a few seconds, unless the computer is busy with much else
@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.iterdir() if p.is_dir()))
def test_example(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One `run --once` turns an example into what its `expected.toml` says."""
    if name not in RENDERED:
        monkeypatch.setattr(run, "open_executor", painter.in_a_thread)
    root = tmp_path / name
    shutil.copytree(EXAMPLES / name, root)
    expected = tomllib.loads((root / "expected.toml").read_text("utf-8"))
    assert cli.main(["init", str(root)]) == 0
    assert cli.main(["run", "--once", str(root)]) == (3 if expected["failed"] else 0)
    folder = root / "drafts" / expected.get("folder", "")
    assert len(list(folder.glob("*.png"))) == expected["drafts"]
    assert sorted(p.name for p in (root / "inbox/done").iterdir()) == expected["done"]
    assert sorted(p.name for p in (root / "inbox/failed").iterdir()) == expected["failed"]
    assert [p.name for p in (root / "inbox").iterdir() if p.is_file()] == []
    assert cli.main(["run", "--once", str(root)]) == 0
    assert len(list(folder.glob("*.png"))) == expected["drafts"], "nothing is made twice"
