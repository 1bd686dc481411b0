"""The repository itself: names that every system can hold, and documents that tell the truth."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hotfolder.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")
MAP = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def tracked() -> list[str]:
    """The paths that git would check out; all files where this is no clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return [path for path in listed.stdout.split("\0") if path]


def test_every_name_can_be_checked_out_anywhere() -> None:
    """On Windows too: no reserved names or characters, no twins, and short enough paths."""
    paths = tracked()
    for path in paths:
        for name in path.split("/"):
            assert not re.search(r'[\x00-\x1f<>:"|?*\\]|[ .]$', name), repr(path)
            assert not _RESERVED.fullmatch(name), path
        assert len(path) < 180, path
    assert len({path.casefold() for path in paths}) == len(paths)


def test_every_link_between_documents_leads_somewhere() -> None:
    """Relative links of README, the map and docs/ name files that are there."""
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        text = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            # The reference is written when the website is built, which looks at its links itself.
            if "://" not in target and not target.startswith(("mailto:", "reference/")):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_map_names_what_is_there() -> None:
    """Each room of the code map is a file or a folder of the package."""
    rooms = re.findall(r"(?m)^\| (`[^|]+`) \|", MAP)
    names = [name for room in rooms for name in re.findall(r"`([^`]+)`", room)]
    assert len(names) > 15
    assert len(set(rooms)) == len(rooms), "a room has two rows"
    for name in names:
        assert (ROOT / "hotfolder" / name).exists(), name


def test_documented_commands_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command of the table has its own help, and every command of the program is there."""
    named = set(re.findall(r"(?:`|\$ |> .*)hotfolder (\w+)", README + COMMANDS))
    for name in named:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0, name
    capsys.readouterr()
    for module in (ROOT / "hotfolder" / "commands").glob("[a-z]*.py"):
        command = module.stem.replace("_", " ")  # `models add` is in models_add.py
        assert f"hotfolder {command}" in COMMANDS, f"nothing is said of `hotfolder {command}`"
