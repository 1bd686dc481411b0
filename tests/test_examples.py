"""Every example is a complete studio that does what its README says."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from hotfolder.studio.config import load

EXAMPLES = load.shipped("examples")


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.iterdir() if p.is_dir()))
def test_example(name: str, tmp_path: Path, hotfolder) -> None:
    """One `run --once` turns an example into what its `expected.toml` says."""
    root = tmp_path / name
    shutil.copytree(EXAMPLES / name, root)
    expected = tomllib.loads((root / "expected.toml").read_text("utf-8"))
    assert hotfolder("init", root).returncode == 0
    done = hotfolder("run", "--once", root)
    assert done.returncode == (3 if expected["failed"] else 0), done.stderr
    folder = root / "drafts" / expected.get("folder", "")
    assert len(list(folder.glob("*.png"))) == expected["drafts"]
    assert sorted(p.name for p in (root / "inbox/done").iterdir()) == expected["done"]
    assert sorted(p.name for p in (root / "inbox/failed").iterdir()) == expected["failed"]
    assert [p.name for p in (root / "inbox").iterdir() if p.is_file()] == []
    again = hotfolder("run", "--once", root)
    assert again.returncode == 0
    assert len(list(folder.glob("*.png"))) == expected["drafts"], "nothing is made twice"
