"""Longer help: every topic is tied to what the program says, and everything in it holds."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path

import pytest

import hotfolder
from hotfolder.explanations import explanations, more, topics
from hotfolder.parser import parser
from hotfolder.studio.layout import Studio
from tests.conftest import Run

PACKAGE = Path(hotfolder.__file__).parent
PARTS = ("**What it means.** ", "**Why.** ", "**What to do.** ", "**An example.**")


@cache
def sayings() -> list[str]:
    """Every text in the program, with "…" where something is filled in."""
    found = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


@pytest.mark.parametrize("name", explanations())
def test_each_topic_explains_what_is_said(name: str) -> None:
    """The program says each sentence that it quotes; it has all parts; its commands are right."""
    topic = explanations()[name]
    assert topic.title and topic.sentences
    for sentence in topic.sentences:
        fitting = re.compile(".*".join(map(re.escape, sentence.split("…"))))
        said = [text for text in sayings() if fitting.search(text) and name in topics(text)]
        assert said, sentence
    places = [topic.text.index(part) for part in PARTS]
    assert places == sorted(places)
    for kind, block in re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", topic.text):
        if kind == "toml":
            tomllib.loads(block)
    for line in re.findall(r"(?m)^hotfolder (.+)$", topic.text):
        assert parser().parse_args(shlex.split(line)).command


def test_mistakes_lead_to_their_topics(hotfolder: Run, studio: Studio) -> None:
    """`check` names them in its last words, and an error of a command names its own."""
    (studio.inbox / "a.txt").write_text("a __nothing__ by the sea")
    (studio.inbox / "b.toml").write_text('promt = "a castle"')
    (studio.inbox / "c.toml").write_text('prompt = "a castle"\nprofile = "nothing"')
    said = hotfolder("check", str(studio.root)).stdout
    assert "hotfolder explain profile unknown-key word-list" in said
    said = hotfolder("status", str(studio.root / "nowhere")).stderr
    assert said.endswith("hotfolder explain no-studio\n")


def test_a_topic_is_found_by_its_name_and_by_what_was_said(hotfolder: Run) -> None:
    """All are listed; an unknown one leads to the nearest."""
    listed = hotfolder("explain").stdout
    assert all(name in listed for name in explanations())
    assert hotfolder("explain", "memory").stdout.startswith("# There is too little memory")
    said = "hotfolder: there is too little memory for this size, 4096x4096"
    assert hotfolder("explain", said).stdout.startswith("# There is too little memory")
    wrong = hotfolder("explain", "memroy", check=False)
    assert wrong.returncode == 1 and "did you mean 'memory'?" in wrong.stderr


def test_what_has_no_topic_is_left_alone() -> None:
    """Nothing is added, and a long text takes no long time."""
    assert more("all is well") == ""
    assert topics("GB of memory, and " * 100_000) == []
