"""Word lists of all kinds."""

from __future__ import annotations

import shutil

import pytest

from hotfolder.errors import MistakesError
from hotfolder.studio.config.load import read_config
from hotfolder.studio.config.word_lists import parse
from hotfolder.studio.layout import Studio
from tests import samples


def test_the_lists_of_bug_reports(studio: Studio) -> None:
    """Byte order marks, comments, folders, spaces, .TXT and YAML."""
    shutil.copytree(samples.DATA / "public/wildcards", studio.wildcards, dirs_exist_ok=True)
    config = read_config(studio)
    assert config.mistakes == ()
    assert config.words == {
        "UPPER": ["bright"],
        "gr\u00f6\u00dfe": ["huge"],
        "light": ["morning", "evening"],
        "spaced name": ["calm"],
        "sub/deep/hue": ["red", "blue"],
        "weighted": ["5::fog", "1::sun"],
        "yamlish": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("wildcards/x.yaml", "colours:\n  warm:\n    - red\n    - 7\n  cold: blue\n"),
        ("wildcards/x.JSON", '{"colours": {"warm": ["red", 7], "cold": "blue"}}'),
    ],
)
def test_trees_of_keys(path: str, text: str) -> None:
    """Each branch is a list, named after its keys."""
    assert parse(path, text) == {"colours/warm": ["red", "7"], "colours/cold": ["blue"]}


def test_whatever_a_word_looks_like() -> None:
    """Numbers and dates, and what looks like one, are words as they are written in YAML."""
    assert parse("wildcards/x.yaml", "a: [2020-13-45, 007, yes]") == {
        "a": ["2020-13-45", "007", "yes"]
    }


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("wildcards/x.yaml", "a: [b", "this is not valid YAML"),
        ("wildcards/x.json", "{", "this is not valid JSON"),
        ("wildcards/x.yaml", "just words", "there is no list of words in it"),
        ("wildcards/x.json", '{"a":' * 30 + "[1]" + "}" * 30, "nested more than 20 deep"),
        (
            "wildcards/x.yaml",
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n"
                for n in range(9)
            ),
            "more than 100,000 words",
        ),
        ("wildcards/x.yaml", "!!python/object/apply:os.system ['true']", "no list of words"),
    ],
)
def test_mistakes(path: str, text: str, says: str) -> None:
    """A sentence, soon, and no code is run."""
    with pytest.raises(MistakesError, match=says):
        parse(path, text)


def test_one_bad_list_stops_no_other(studio: Studio) -> None:
    """It is named among the mistakes."""
    (studio.wildcards / "bad.yaml").write_text("a: [")
    (studio.wildcards / "good.txt").write_text("red")
    config = read_config(studio)
    assert config.words == {"good": ["red"]}
    assert str(config.mistakes[0]).startswith("wildcards/bad.yaml: this is not valid YAML")


ALIASES = "a: &a [[],[],[],[]]\n" + "".join(
    f"{c}: &{c} [*{p},*{p},*{p},*{p},*{p},*{p}]\n"
    for p, c in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.yaml", ALIASES, "more than 100,000 words"),
        ("x.yaml", "a: " + "[" * 100_000, "nested more than 40 deep"),
        ("x.yaml", "? " * 100_000, "nested more than 40 deep"),
        ("x.yaml", "a: &a {b: [x]}\nc:\n  <<: *a\n", "merge keys"),
        ("x.json", '{"a": [' + "9" * 5000 + "]}", "not valid JSON"),
        ("x.json", '{"a":' * 100_000, "not valid JSON"),
        ("x.json", '{"a":' * 30 + "1" + "}" * 30, "nested more than 20 deep"),
    ],
)  # fmt: skip
def test_lists_that_are_no_lists(name: str, text: str, says: str) -> None:
    """A short file that stands for a tree of any size, or any depth, is refused in words."""
    with pytest.raises(MistakesError, match=says):
        parse(f"wildcards/{name}", text)
