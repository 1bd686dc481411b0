"""Templates become texts, the same ones for the same seed, and always end."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from dynamicprompts.generators import RandomPromptGenerator
from dynamicprompts.wildcards import WildcardManager
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.recipes.wildcards import expand, mistakes, notes
from hotfolder.studio.config.word_lists import parse

WORDS = {
    "animals": ["red fox", "cat", "{big|small} bear"],
    "places/towns": ["Kraków", "京都", "old Lisbon"],
    "empty": [],
    "loop": ["more __loop__"],
    "first": ["__second__"],
    "second": ["__first__"],
    "odd": ["50% {wool", "a__b"],
}


def outcomes(template: str, seeds: int = 60) -> set[str]:
    return {expand(template, seed, WORDS) for seed in range(seeds)}


@pytest.mark.parametrize(
    "template",
    [
        "a {b|c} and {d|e|f}",
        "{2$$a|b|c}",
        "{1-2$$ and $$a|b|c} tail",
        "__animals__ and __animals__",
        "{2$$__animals__}",
        "{0.2::r|3::b}",
        "${x={a|b|c}}${x} ${x}",
        "${x=!{a|b|c}}${x} ${x}",
        "__*anim*__",
        "__places/*__",
        "__{animals|places/towns}__",
        "{{a|b}|c|{d|e}} (fox:1.2) [x] <lora:q:1> BREAK",
        "%{in the manner of ...$${a|b}}",
        "{|a}",
        "a}b",
    ],
)
def test_draws_what_the_library_draws(template: str) -> None:
    """Wherever dynamicprompts' own generator works, the same seed gives the same text."""
    for seed in range(20):
        manager = WildcardManager(root_map={"": [WORDS]})
        theirs = RandomPromptGenerator(manager, seed=seed).generate(template)
        assert [expand(template, seed, WORDS)] == theirs


def test_draws_what_it_drew_before() -> None:
    """These texts went into pictures' recipes: the same seeds give them in every version."""
    seeds = (0, 1, 2**32 - 1)
    assert [expand("a {red|green|blue} house", seed, WORDS) for seed in seeds] == [
        "a blue house",
        "a green house",
        "a red house",
    ]
    assert [expand("__animals__ at __places/*__", seed, WORDS) for seed in seeds] == [
        "red fox at old Lisbon",
        "cat at 京都",
        "big bear at 京都",
    ]
    assert [expand("{2$$, $$a|b|c|d}", seed, WORDS) for seed in seeds] == ["d, b", "c, d", "a, c"]


def test_other_processes_draw_the_same() -> None:
    """The text follows from the seed, not from the process with its own hash seed."""
    code = (
        "from hotfolder.recipes.wildcards import expand;"
        "print(expand('{3$$, $$a|b|c|d} __w__', 5, {'w': ['x', 'y', 'z']}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == expand("{3$$, $$a|b|c|d} __w__", 5, {"w": ["x", "y", "z"]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(fox:1.2), [hills], BREAK <lora:ink_v2:0.8>",
        "50% wool, a $5 note, A$$AP",
        "C# and a # in the middle",
        "https://example.org //not a comment /* nor this */",
        "snake__case",
        "tab\there",
        "{never closed",
        "__no such list__",
        "${nothing}",
        "{" * 40 + "}" * 40,
        "\ufdd0{a",
    ],
)
def test_leaves_other_text_alone(text: str) -> None:
    """What is no template, or cannot be read as one, is used as it is written."""
    assert expand(text, 1, WORDS) == text


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{a}# 50% //x $5", "a# 50% //x $5"),
        ("snake__case, {a}", "snake__case, a"),
        ("{a} /* kept */\t__places/towns__", None),
        ("cost: {$5|$5}", "cost: $5"),
    ],
)
def test_stray_signs_do_not_spoil_a_template(template: str, expected: str | None) -> None:
    """A comment sign, a percent or a dollar stands for itself beside choices that are drawn."""
    drawn = expand(template, 1, WORDS)
    if expected is None:
        assert drawn.startswith("a /* kept */\t")
        assert drawn[13:] in WORDS["places/towns"]
    else:
        assert drawn == expected


def test_lines_may_be_templates() -> None:
    """A line of a word list is drawn from again; one that cannot be read stands for itself."""
    assert outcomes("__animals__") == {"red fox", "cat", "big bear", "small bear"}
    assert outcomes("__odd__") == set(WORDS["odd"])


def test_weights_and_counts() -> None:
    """An option of weight 0 never comes, and more choices than options are all of them."""
    assert outcomes("{0::never|1::always}") == {"always"}
    assert sorted(expand("{9-99$$+$$a|b|c}", 1, WORDS).split("+")) == ["a", "b", "c"]


def test_weights_in_word_lists() -> None:
    """`3::red` is drawn as often as three others; a list without weights is drawn as ever."""
    words = {"a": ["9::red", "blue", "0::never"], "b": ["red", "blue"], "c": ["1::red", "1::blue"]}
    drawn = [expand("__a__", seed, words) for seed in range(300)]
    assert set(drawn) == {"red", "blue"} and 240 < drawn.count("red") < 295
    assert {expand("{2$$ $$__a__}", seed, words) for seed in range(50)} <= {"red blue", "blue red"}
    for seed in range(20):
        assert expand("__b__", seed, words) == expand("__c__", seed, words)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "# all\n2::red # warm\n\nblue\nC#\nyes\n"),
        (
            "a.yaml",
            "a:\n  - {text: red, weight: 2}\n  - blue # cold\n  - 'C#'\n  - yes\n  - null\n",
        ),
        ("a.json", '{"a": [{"content": "red", "weight": 2}, "blue", "C#", "yes", "", null]}'),
    ],
)
def test_the_same_list_in_each_format(name: str, text: str) -> None:
    """Weights, comments, and words that YAML takes for something else."""
    assert parse(f"wildcards/{name}", text) == {"a": ["2::red", "blue", "C#", "yes"]}


def test_names_match_in_both_unicode_forms() -> None:
    """A list whose file name a Mac wrote in decomposed form is found by its usual name."""
    assert expand("__e\u0301te\u0301__", 1, {"\u00e9t\u00e9": ["sun"]}) == "sun"


@pytest.mark.parametrize(
    "template",
    [
        "__loop__",
        "__first__",
        "{999999999$$__many__}",
        "${x=${x}}${x}",
        "__double0__",
        "{a|" * 5000 + "}" * 5000,
        "{a|b}" * 3300,
    ],
)
def test_always_ends(template: str) -> None:
    """Circles, doublings and absurd counts are used as they are written, soon."""
    words = {**WORDS, "many": [f"word number {n}" for n in range(20_000)]}
    words |= {f"double{n}": [f"__double{n + 1}__ __double{n + 1}__"] for n in range(30)}
    start = time.process_time()
    assert expand(template, 1, words) == template
    assert notes(template, words)[0].startswith("the prompt is used as it is written: ")
    assert time.process_time() - start < 10


def test_names_what_the_lists_lack() -> None:
    """Unknown, empty and circular lists and unknown variables are all said, with the nearest."""
    template = "__animls__ __empty__ __loop__ __first__ __odd__ ${mood} __a, b__"
    assert [str(found) for found in mistakes(template, WORDS)] == [
        "__animls__: there is no word list wildcards/animls.txt; did you mean 'animals'?",
        "__empty__: the word list wildcards/empty.txt is empty",
        "__loop__: word lists name each other in a circle: loop -> loop",
        "__first__: word lists name each other in a circle: first -> second -> first",
        "${mood}: this variable has no value; give it one before, as in ${mood=red}",
    ]


def test_knows_which_list_names_an_unknown_one() -> None:
    """A mistake inside a word list says which list it is in."""
    found = mistakes("{__a__|x}", {"a": ["the __b__"]})
    assert "named in the word list 'a'" in str(found[0])


@pytest.mark.parametrize(
    "template",
    ["{a|b}", "__animals__", "${x=red}${x}", "<lora:my__style__v2:1>", "{unclosed", "${x:red}"],
)
def test_finds_no_mistake_in_what_works(template: str) -> None:
    """What is drawn, and what is used as it is written, is no mistake."""
    assert mistakes(template, WORDS) == ()


def test_notes_only_what_is_used_as_written() -> None:
    """An unclosed brace is said in one sentence; what works is not spoken of."""
    said = notes("{a|b", WORDS)
    assert said == ('the prompt is used as it is written: a "{" has no "}"',)
    assert notes("50% {a|b}, __animals__", WORDS) == ()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["{", "}", "|", "$", "$$", "${", "%{", "__", "a", "=", "#", "2", "::", " "]
        ),
        max_size=40,
    ),
    st.integers(0, 2**32 - 1),
)
def test_any_text_gives_some_text(pieces: list[str], seed: int) -> None:
    """Whatever stands in a prompt, drawing and checking end without an error."""
    template = "".join(pieces)
    assert expand(template, seed, WORDS) == expand(template, seed, WORDS)
    mistakes(template, WORDS)


def test_lists_that_double_and_say_nothing_end() -> None:
    """A text that never grows longer is no reason to go on for seconds."""
    doubled = {f"d{level}": [f"__d{level + 1}____d{level + 1}__"] for level in range(14)}
    (note,) = notes("a __d0__", {**doubled, "d14": ["{|}"]})
    assert "without end" in note
