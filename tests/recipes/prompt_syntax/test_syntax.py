"""Prompts are read by the rules that A1111 documents; any text is some prompt."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.recipes.prompt_syntax import parse
from hotfolder.recipes.prompt_syntax.read import read
from hotfolder.recipes.prompt_syntax.schedule import phases, plain
from hotfolder.recipes.prompt_syntax.tags import LoraTag, take
from hotfolder.recipes.prompt_syntax.tree import (
    DEEPEST,
    MOST_NODES,
    Break,
    Edit,
    Tree,
    Words,
    depth,
    trouble,
    walk,
)
from tests.growth import MOST, growing, growth

EXPECTED = json.loads((Path(__file__).parents[2] / "data/prompt_syntax.json").read_text())
SIGNS = ["(", ")", "[", "]", ":", "|", ":1.2)", ":0.5]", "\\", "BREAK", " AND ", "<lora:a:1>", "あ"]
HOSTILE = st.lists(st.sampled_from([*SIGNS, "sea", " ", "7"]), max_size=40).map("".join)


def said(text: str, steps: int) -> list[dict[str, Any]]:
    """What is read of `text`, in the form of the expected values; spaces at breaks are none."""
    return [
        {
            "weight": part.weight,
            "phases": [
                [end, [[i.text, i.weight] if isinstance(i, Words) else "BREAK" for i in items]]
                for end, items in phases(part.nodes, steps)
            ],
        }
        for part in parse.parts(text, steps)
    ]


def bare(parts: list[dict[str, Any]]) -> list[Any]:
    """The values without spaces beside breaks, and without states that change nothing."""
    found = []
    for part in parts:
        states: list[Any] = []
        for end, items, *_ in part["phases"]:
            words = [
                i if i == "BREAK" else [re.sub(r"\s+", " ", i[0]).strip(), i[1]] for i in items
            ]
            words = [i for i in words if i[0]]
            if states and states[-1][1] == words:
                states.pop()
            states.append([end, words])
        found.append([part["weight"], states])
    return found


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: one["prompt"][:40])
def test_a1111s_rules(expected: dict[str, Any]) -> None:
    """Parts, weights and the words of each step are those written down for 300 prompts."""
    got = said(expected["prompt"], expected["steps"])
    assert bare(got) == bare(expected["parts"])


@given(HOSTILE)
def test_any_text_is_some_prompt(text: str) -> None:
    """Nothing raises; the tree is one that recipes carry, and comes back from their JSON."""
    tree = read(text, text, 20).tree
    if tree is None:
        return
    assert trouble(tree) == ""
    written = json.loads(json.dumps(msgspec.to_builtins(tree)))
    assert msgspec.convert(written, Tree) == tree


@given(st.text(st.characters(exclude_characters="()[]:|\\<"), max_size=60))
def test_words_alone_are_no_syntax(text: str) -> None:
    """A text without any sign, in whatever script, is taken as it stands."""
    if not re.search(r"\bBREAK\b|\bAND\b", text):
        assert read(text, text, 20).tree is None


@pytest.mark.parametrize(
    "text",
    [
        "a clock at 10:30",
        "Straße | 城、夜景 🏯",
        "50% off: all",
        "C:\\pictures",
        "a <b> c",
        "SAND and ANDES",
        "\uff08夜\uff1a1.3\uff09 in full-width brackets",
    ],
)
def test_ordinary_text_is_no_syntax(text: str) -> None:
    """Colons, bars, backslashes and angles of ordinary text stay what they are."""
    assert read(text, "", 20).tree is None


def test_a_bad_number_is_text() -> None:
    """A weight that is no number makes the group one without a weight; huge ones are bounded."""
    assert parse.nodes("(a:1,2)", 9) == (Words("a:1,2", 1.1),)
    assert parse.nodes("(a:1.2.3)", 9) == (Words("a:1.2.3", 1.1),)
    assert parse.nodes(f"(a:{'9' * 400})", 9) == (Words("a", 100.0),)


def test_depth_and_size_are_bounded() -> None:
    """Brackets below the deepest level are text, and so is all of a text with too many nodes."""
    deep = parse.nodes("[a:" * 100 + "b" + ":2]" * 100, 9)
    assert depth(deep) <= DEEPEST
    many = "(a)b" * MOST_NODES
    assert parse.nodes(many, 9) == (Words(many),)
    assert len(list(walk(parse.nodes("(a)b" * (MOST_NODES // 2), 9)))) == MOST_NODES


def test_without_emphasis_brackets_are_text() -> None:
    """Edits, alternations and breaks keep their meaning; brackets and backslashes are written."""
    tree = read(r"(a) \(b\) [c] [d:e:2] BREAK f", "", 9, "none").tree
    assert tree is not None
    assert tree.parts[0].nodes == (
        Words(r"(a) \(b\) [c] "),
        Edit((Words("d"),), (Words("e"),), 2),
        Break(),
        Words("f"),
    )


def test_bare_words() -> None:
    """For readers that know neither weights nor steps: the words as they are at the end."""
    tree = read("a (red:1.3) [house:castle:0.5] BREAK fog", "", 20).tree
    assert tree is not None
    assert plain(tree.parts[0].nodes) == "a red castle fog"


@pytest.mark.parametrize(
    ("text", "left", "loras"),
    [
        ("a, <lora:ink:0.8>", "a, ", [LoraTag("ink", 0.8)]),
        ("<lora:ink>a", "a", [LoraTag("ink")]),
        ("<lyco:Ink v1.5:1>", "", [LoraTag("Ink v1.5")]),
        ("<lora:ink:0.8:0.5>", "", [LoraTag("ink", 0.8, 0.5)]),
        ("<lora:ink:0.8:0.8>", "", [LoraTag("ink", 0.8)]),
        ("<LORA:ink:te=0:unet=-1.5>", "", [LoraTag("ink", -1.5, 0.0)]),
        ("<lora:ink:1><lora:wool:.3>", "", [LoraTag("ink"), LoraTag("wool", 0.3)]),
        ("a <embed:easynegative>", "a easynegative", []),
        ("a, embedding:easynegative.safetensors", "a, easynegative", []),
        ("(embedding:easynegative:1.2)", "(easynegative:1.2)", []),
        ("a <segment:sky,0.5> b", "a <segment:sky,0.5> b", []),
    ],
)
def test_tags(text: str, left: str, loras: list[LoraTag]) -> None:
    """LoRAs are taken out of the text; a tag without a meaning here stays."""
    taken = take(text)
    assert (taken.text, list(taken.loras)) == (left, loras)


@pytest.mark.parametrize(
    ("prompt", "negative", "says"),
    [
        ("<lora:ink:strong>", "", "expected a weight from -10 to 10, as in <lora:ink:0.8>"),
        ("<lora:ink:99>", "", "expected a weight from -10 to 10"),
        ("<lora:ink:1> <lora:ink:2>", "", "only the first tag of a LoRA counts"),
        ("<random:castle,tower>", "", "is not a tag that hotfolder knows, so it is read as words"),
        ("a", "<lora:ink:1>", "<lora:ink> in a negative prompt has no effect"),
        ("(red cat)++ in C++", "", ")++ is read as words; for words that count more, write"),
        ("castle+", "", "castle+ is read as words"),
        ("(castle:1,3)", "", "(castle:1,3) is read as words"),
        ("a \uff08castle:1.3\uff09", "", "is read as words"),
        ("", "(castle\uff1a1.3)", "is read as words"),
    ],
)
def test_what_has_no_effect_is_said(prompt: str, negative: str, says: str) -> None:
    """One sentence for each."""
    (note,) = read(prompt, negative, 20).notes
    assert says in note


def test_reading_takes_linear_time() -> None:
    """Eight times the text takes about eight times as long, whatever it is made of."""
    units = ["(", "[a:", "[a|b]", "[(", "))", "(((((a)))))", "\\", ": ", " ", "a AND ", "BREAK "]
    units += ["<lora:", "<a:b>", ":1", "(]", "[a:b:1]"]

    for unit in units:
        texts = growing(lambda size, unit=unit: (unit * size)[:size], 4_000)
        assert growth(lambda text: read(text, "", 20), texts) <= MOST, unit
