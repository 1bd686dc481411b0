"""Walks through docs/tutorial.md, command by command.

`python -m tests.tutorial` makes its pictures.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def commands(page: str) -> list[list[str]]:
    """The arguments of each `$ hotfolder …` of a page, in order."""
    text = (DOCS / page).read_text("utf-8")
    return [line.split() for line in re.findall(r"(?m)^\$ hotfolder (.*)$", text)]


def prompts(page: str) -> str:
    """The prompt file that the page tells to write."""
    text = (DOCS / page).read_text("utf-8")
    return re.findall(r"```text\n(.*?)```", text, re.S)[0]


def walk(folder: Path, run: Run, page: str = "tutorial.md") -> list[str]:
    """Do what the page says in `folder`; what each command said. The light table is left out."""
    said = []
    for arguments in commands(page):
        studio = folder / "pictures"
        if arguments[0] == "light":
            continue
        if arguments[0] == "run" and not list(studio.glob("drafts/*")):
            (studio / "inbox" / "coast.txt").write_text(prompts(page), "utf-8")
        elif arguments[0] == "run":
            for draft in picked(studio):
                draft.rename(studio / "seeds" / draft.name)
        done = run(*arguments, cwd=folder)
        if done.returncode:
            raise AssertionError((arguments, done.stdout, done.stderr))
        said.append(done.stdout)
    return said


def picked(studio: Path) -> list[Path]:
    """One draft of each prompt."""
    drafts = sorted(studio.glob("drafts/*.png"))
    return [next(one for one in drafts if word in one.name) for word in ("castle", "lighthouse")]


def main() -> None:
    """Write the pictures of the tutorial into docs/."""

    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hotfolder", *arguments]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drafts = folder / "drafts.png"
        lineage = folder / "lineage.png"

        def watched(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
            done = run(*arguments, cwd=cwd)
            if arguments[0] == "run" and not drafts.exists():
                run("sheet", "pictures/drafts", "-o", str(drafts), cwd=cwd)
            return done

        walk(folder, watched)
        castle = next((folder / "pictures" / "seeds").glob("castle*"))
        run("sheet", str(castle), "--lineage", "-o", str(lineage), cwd=folder)
        for path in (drafts, lineage):
            with Image.open(io.BytesIO(path.read_bytes())) as image:
                image.convert("RGB").save(DOCS / f"tutorial-{path.stem}.jpg", quality=86)


if __name__ == "__main__":
    main()
