"""What the pages tell their readers to write does what the pages say it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hotfolder import cli
from hotfolder.api import Studio as OpenStudio
from hotfolder.daemon import Daemon, Until
from hotfolder.prompts import text
from hotfolder.prompts.paragraphs import Custom
from hotfolder.recipes.prompt import Prompt
from hotfolder.studio.layout import Studio
from tests.conftest import ROOT
from tests.daemon_thread import at_work
from tests.painter import FakeExecutor

DOCS = ROOT / "docs"


def blocks(page: Path, kind: str = "[a-z]*") -> list[str]:
    """The blocks of a page, of one kind or of all."""
    return re.findall(rf"(?ms)^```{kind}\n(.*?)^```", page.read_text("utf-8"))


def read(written: str) -> list[Prompt]:
    """The prompts of a text file, where there is a profile `sdxl`."""
    prompts = list(text.parse(written, Custom(("sdxl",))))
    assert all(isinstance(prompt, Prompt) for prompt in prompts)
    return prompts  # type: ignore[return-value]


def test_a_first_line_of_settings() -> None:
    """It applies to both prompts below it."""
    (snippet,) = blocks(DOCS / "prompts.md", "text")
    castle, boat = read(snippet)
    assert (castle.text, boat.text) == ("a castle by a lake", "a boat in the fog")
    for prompt in (castle, boat):
        assert (prompt.count, prompt.profile) == (10, "sdxl")


def test_every_setting_in_words() -> None:
    """Each part that the table of first lines names changes what is drawn, or how it is read."""
    page = (DOCS / "prompts.md").read_text("utf-8")
    table = page.split("every word is known):", 1)[1].split("An unknown part", 1)[0]
    parts = [
        part
        for row in re.findall(r"(?m)^\| (`.*?) \|", table)
        for part in re.findall(r"`([^`]+)`", row)
    ]
    assert len(parts) > 10
    plain = read("7 drafts\n\na castle\nby a lake")
    for part in parts:
        line = part if "drafts" in part else f"7 drafts, {part}"
        assert read(f"{line}\n\na castle\nby a lake") != plain, part


def test_every_line_and_switch_of_settings() -> None:
    """`count: 10` and `--ar 16:9` and the others of that section change what is drawn."""
    page = (DOCS / "prompts.md").read_text("utf-8")
    section = page.split("A line such as", 1)[1].split("Switches that only", 1)[0]
    found = re.findall(r"`((?:--\w+|\w+:) [^`]+)`", section)
    assert len(found) > 7
    (plain,) = read("a castle")
    for one in found:
        between = " " if one.startswith("--") else "\n"
        (prompt,) = read(f"a castle{between}{one}")
        assert prompt.text == "a castle" and prompt != plain, one


def test_a_mistake_is_told_in_these_words(studio: Studio) -> None:
    """The note beside a wrong file is the one that the page shows."""
    shown = next(block for block in blocks(DOCS / "prompt-files.md", "console"))
    command, _, note = shown.partition("\n")
    name = Path(command.split()[-1]).name.removesuffix(".error.txt")
    (studio.inbox / name).write_text('promt = "a castle"\ncount = "many"\n', "utf-8")
    Daemon(studio, executor=FakeExecutor(1)).run(Until(idle=True))
    assert (studio.failed / f"{name}.error.txt").read_text("utf-8").strip() == note.strip()


def test_the_prompt_file_of_toml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six drafts are planned from it, once there is the list of words that it names."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", "pictures"]) == 0
    studio = tmp_path / "pictures"
    (studio / "wildcards" / "light.txt").write_text("at noon\nat dusk\n", "utf-8")
    (snippet,) = blocks(DOCS / "prompt-files.md", "toml")
    (studio / "inbox" / "cottage.toml").write_text(snippet, "utf-8")
    capsys.readouterr()
    assert cli.main(["plan", "pictures"]) == 0
    planned = capsys.readouterr().out
    assert "of 6" in planned and "cottage" in planned


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_hotfolder_as_a_library(
    page: str, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines of Python add a prompt file, and hear of its eight drafts while they are made."""
    (snippet,) = blocks(ROOT / page, "python")
    studio.root.rename(tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    heard: list[Any] = []

    class Enough(Exception):
        """All eight were heard of."""

    def shown(*words: object) -> None:
        heard.append(words)
        if len(heard) == 8:
            raise Enough

    daemon = Daemon(OpenStudio.open("pictures").layout, executor=FakeExecutor(1))
    with at_work(daemon), pytest.raises(Enough):
        exec(snippet, {"print": shown})  # noqa: S102 - it is ours
    assert [kind for kind, _ in heard] == ["draft"] * 8
    assert all(path.parent.name == "drafts" for _, path in heard)
