"""The prompts of SwarmUI and InvokeAI mean the same in our terms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.recipes.prompt_syntax import invokeai, parse, swarmui
from hotfolder.recipes.prompt_syntax.schedule import plain
from tests.growth import MOST, growing, growth


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("an (orange:1.5) cat", "an (orange:1.5) cat"),
        ("a <alternate:cat, dog> and <alt:a (x:1.2), b || c>", "a [cat|dog] and [a (x:1.2), b|c]"),
        ("a <fromto[0.5]:cat, dog> b", "a [cat:dog:0.5] b"),
        ("a <fromto[10]:day|night>", "a [day:night:10]"),
        ("<fromto[0.5]:at 10:30, noon>", r"[at 10\:30:noon:0.5]"),
        ("a cat <break> a dog", "a cat  BREAK  a dog"),
        ("a [square] b", r"a \[square\] b"),
        ("<lora:ink:0.8:0.2> a", "<lora:ink:0.8:0.2> a"),
        ("<embed:folder/easyfog> a<comment:mine>", "easyfog a"),
        ("a castle <segment:face,0.6,0.5> a smile", "a castle"),
        ("a <region:0,0,1,1> b <base> c", "a  c"),
        ("a <random:x,y> b", "a <random:x,y> b"),
        ("a < b <alt:x,<fromto[2]:y|z>>", "a < b [x|[y:z:2]]"),
        ("1 > 0", "1 > 0"),
    ],
)
def test_swarmui(theirs: str, ours: str) -> None:
    """Tags become edits, alternation and breaks; what is for a part of the picture is left out."""
    assert swarmui.ours(theirs) == ours


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("a castle", "a castle"),
        ("a ball++ here", "a (ball:1.21) here"),
        ("a ball- and fog--, mist", "a (ball:0.9) and (fog:0.81), mist"),
        ("(some words)+ x", "(some words:1.1) x"),
        ("(some words)1.3", "(some words:1.3)"),
        ("(some (more)0.5 words)+", "(some (more:0.5) words:1.1)"),
        ("(grouped) words", "grouped words"),
        (r"a \(ruin\)", r"a \(ruin\)"),
        ("[square] (open", r"\[square\] \(open"),
        ("closed) x-ray, well-known+", r"closed\) x-ray, (well-known:1.1)"),
        ('("a cat+", "a dog").and()', "(a cat:1.1) BREAK a dog".replace("(a cat", "a (cat")),
        ('("a cat", "a dog").blend(0.7, 0.3)', "a cat :0.7 AND a dog :0.3"),
        ("a cat.swap(dog) runs", "a dog runs"),
        ("夜景+ と城", "(夜景:1.1) と城"),
    ],
)
def test_invokeai(theirs: str, ours: str) -> None:
    """Signs and numbers behind words become weights, prompts in a list breaks or parts."""
    assert invokeai.ours(theirs) == ours


SIGNS = [
    "<",
    ">",
    "[",
    "]",
    "(",
    ")",
    "+",
    "-",
    ":",
    ",",
    "alt:",
    "fromto[2]:",
    "a",
    " ",
    '"',
    "\\",
]


@given(st.lists(st.sampled_from(SIGNS), max_size=30).map("".join))
def test_any_text_is_some_prompt(text: str) -> None:
    """Nothing raises, and what comes out is read."""
    for module in (swarmui, invokeai):
        parse.parts(module.ours(text), 20)


@given(st.text(st.characters(exclude_characters="()[]<>+-:|\\.\"'"), max_size=40))
def test_words_stay_words(text: str) -> None:
    """A text without any sign is itself."""
    assert swarmui.ours(text) == text.strip()
    assert invokeai.ours(text) == text
    assert plain(parse.nodes(r"\(a\)", 9)) == "(a)"


def test_reading_takes_linear_time() -> None:
    """Eight times the text takes about eight times as long."""
    units = ["<", "<a:", "[", "(", "(a)+", "a-", "-", "+", '("a",', '"', ".swap(", "a.swap(b)", " "]

    def both(text: str) -> None:
        swarmui.ours(text)
        invokeai.ours(text)

    for unit in units:
        texts = growing(lambda size, unit=unit: (unit * size)[:size], 4_000)
        assert growth(both, texts) <= MOST, unit
