"""Texts and tables of bug reports and first days, each with what is right."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.errors import MistakesError
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts import formats
from hotfolder.prompts.paragraphs import Asked, Custom
from hotfolder.prompts.text_encoding import decode
from hotfolder.recipes import wildcards
from hotfolder.recipes.prompt import Prompt
from hotfolder.studio.config.word_lists import parse as word_list
from tests import samples

LINES = "the 3 lines from line 1 on are one prompt"
READ: dict[str, list[dict[str, Any]]] = {
    "t06-one-prompt-per-line.txt": [
        {"text": "a castle on a rock a boat on a lake a tree in the fog", "notes": [LINES]}
    ],
    "t07-dashdash.txt": [
        {
            "text": "a castle at night",
            "negative": "people",
            "seed": 5,
            "size": "512x768",
            "overrides": {"steps": 20, "guidance_scale": 7.0},
        }
    ],
    "t09-typed-weights.txt": [
        {
            "text": "a (castle:1.4) by a [lake:river:0.5] BREAK {morning|evening}, "
            "<lora:ink:0.8> AND fog"
        }
    ],
    "t10-rtf.txt": [{"text": "a castle by a lake"}],
    "t11-bom-crlf.txt": [
        {"text": "a castle by a lake", "negative": "people"},
        {"text": "a boat"},
    ],
    "t14-midjourney.txt": [
        {
            "text": "a castle by a lake, oil painting",
            "negative": "people",
            "seed": 5,
            "overrides": {"draft": {"aspect": "16:9"}},
            "notes": ["settings of another program that are not used: --v 6.1"],
        }
    ],
    "t16-swarm-tags.txt": [
        {"text": "a <random:castle,tower> by a lake <segment:sky,0.5> stormy clouds"}
    ],
    "t18-emphasis-escaped.txt": [{"text": "a castle \\(ruin\\), {{golden light}}, [[fog]]"}],
    "t19-dollar.txt": [{"text": "a market, price tag $5, 100% wool, a__b__c, C:\\pics"}],
    "t20-emoji-zwj.txt": [
        {"text": "a castle \U0001f3f0, family \U0001f468\u200d\U0001f469\u200d\U0001f467, \ufdfd"}
    ],
    "m02-seed-2e32.toml": [{"text": "a castle", "seed": 2**32, "count": 1}],
    "m06-size.toml": [{"text": "a castle", "size": "257x255", "count": 1}],
    "m08-cfg0-step1.toml": [
        {"text": "a castle", "count": 1, "overrides": {"steps": 1, "guidance_scale": 0}}
    ],
}


def read(name: str, text: str | None = None, custom: Custom | None = None) -> list[Prompt]:
    """The prompts of a text by its file's name."""
    text = decode(samples.sample(f"public/{name}")) if text is None else text
    found = formats.parse_text(formats.suffix_of(name), text, custom or Custom())
    return [one for one in found if isinstance(one, Prompt)]


@pytest.mark.parametrize("name", READ)
def test_what_is_asked_for(name: str) -> None:
    """Settings are settings, words are words; what is not used is told."""
    found = [msgspec.to_builtins(prompt) for prompt in read(name)]
    for one, expected in zip(found, READ[name], strict=True):
        notes = one.pop("notes", ())
        for note, begin in zip(notes, expected.get("notes", ()), strict=True):
            assert note.startswith(begin)
        assert one == {key: value for key, value in expected.items() if key != "notes"}


REFUSED = {
    "t13-hash-first.txt": ["write what the picture should show, without # before it"],
    "m01-seed-minus1.toml": ["seed: expected a whole number, 0 or more, got -1"],
    "m03-seed-float.toml": ["seed: expected a whole number, 0 or more, got 1000000000.0"],
    "m04-names.toml": [
        "negative_prompt: unknown key; did you mean 'negative'?",
        "cfg_scale: unknown key; did you mean 'guidance_scale'?",
        "sampler: unknown key; did you mean 'scheduler'?",
        "width: unknown key; did you mean 'size'?",
        "height: unknown key; did you mean 'size'?",
        "batch_size: unknown key; did you mean 'count'?",
    ],
    "m05-zero.toml": [
        "steps: expected a whole number from 1 to 1,000, got 0",
        "refine.strength: expected a number above 0 and up to 1",
    ],
    "m07-sampler.toml": ["scheduler: expected the name of a scheduler (did you mean 'Euler a'?)"],
    "m09-sampler2.toml": ["scheduler: expected the name of a scheduler (did you mean 'DPM++ 2M"],
    "m10-size-int.toml": ["size: expected text in quotes, got 512"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be(name: str) -> None:
    """Each mistake has a sentence with the key and what is right."""
    with pytest.raises(MistakesError) as raised:
        read(name)
    says = [str(mistake) for mistake in raised.value.mistakes]
    for expected, said in zip(REFUSED[name], says, strict=True):
        assert expected in said


def test_word_lists_in_prompts() -> None:
    """Lists in folders, with spaces and umlauts, in YAML and .TXT; choices with weights."""
    folder = samples.DATA / "public/wildcards"
    words: dict[str, list[str]] = {}
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        name = f"wildcards/{path.relative_to(folder).as_posix()}"
        words.update(word_list(name, decode(path.read_bytes())))
    drawn = {
        name: [wildcards.expand(prompt.text, 7, words) for prompt in read(name)]
        for name in ("m12-wild-ok.toml", "m13-dash.toml")
    }
    for name, texts in drawn.items():
        for text in texts:
            assert not set(text) & set("{}$_"), (name, text)
    wild = decode(samples.sample("public/m11-wild.toml"))
    found = list(wildcards.mistakes(read("a.toml", wild)[0].text, words))
    assert [one.says for one in found] == [
        "there is no word list wildcards/Light.txt; did you mean 'light'?"
    ]


def test_one_prompt_per_line() -> None:
    """By the studio's setting, or by the first line of the file."""
    text = decode(samples.sample("public/t06-one-prompt-per-line.txt"))
    lines = ["a castle on a rock", "a boat on a lake", "a tree in the fog"]
    by_setting = read("a.txt", text, Custom(per_line=True))
    by_line = read("a.txt", f"one prompt per line\n{text}")
    assert [one.text for one in by_setting] == [one.text for one in by_line] == lines
    assert not any(one.notes for one in (*by_setting, *by_line))
    joined = read("a.txt", "a hill\nNegative prompt: fog\na lake\ncount: 3", Custom((), True))
    assert [(one.text, one.negative, one.count) for one in joined] == [
        ("a hill", "fog", None),
        ("a lake", "", 3),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a castle on a rock,\na boat on a lake,\na tree in the fog",
        "a castle\nby the sea\n, fog",
        "a castle\nby the sea",
        "a very large castle that stands on a rock by the sea and over\n"
        "which many large white birds fly towards the evening sun, and\n"
        "in front of it a boat",
    ],
)
def test_lines_that_go_on_are_no_prompts_of_their_own(text: str) -> None:
    """Commas at their ends, or a text that an editor has wrapped."""
    (one,) = read("a.txt", text)
    assert one.notes == ()


@pytest.mark.parametrize("name", ["castle.toml.txt", "castle.txt", "castle.rtf", "castle.md"])
def test_toml_by_another_name(name: str) -> None:
    """Windows hides endings, and editors save as they like: what it says counts."""
    (one,) = read(name, '# mine\n\nprompt = "a castle"\ncount = 10\n')
    assert (one.text, one.count) == ("a castle", 10)
    with pytest.raises(MistakesError, match="promt: unknown key; did you mean 'prompt'"):
        read(name, 'promt = "a castle"')


@pytest.mark.parametrize("text", ["[fog] a castle", "mood = dark, a castle", "= a = b", "{a|b}"])
def test_what_is_no_toml(text: str) -> None:
    """A prompt with an equals sign or a bracket is a prompt."""
    assert [one.text for one in read("a.txt", text)] == [text]


WIDE = {"draft": {"aspect": "3:2 to 16:9"}}
HEADINGS: dict[str, dict[str, Any]] = {
    "10 drafts, wide, sdxl": {
        "count": 10,
        "profile": "sdxl",
        "overrides": {"draft": {"aspect": "3:2 to 16:9"}},
    },
    "Endless drafts; tall": {
        "count": "endless",
        "overrides": {"draft": {"aspect": "9:16 to 2:3"}},
    },
    "3 drafts each, 16:9, no people, text": None,  # type: ignore[dict-item]
    "1,000 drafts, square, 20 steps, seed 7, guidance 3.5": {
        "count": 1000,
        "seed": 7,
        "overrides": {"steps": 20, "guidance_scale": 3.5, "draft": {"aspect": "1:1"}},
    },
    "2 pictures, 800x600, without people": {"count": 2, "size": "800x600", "negative": "people"},
    "4 drafts, 2:3 to 3:2": {"count": 4, "overrides": {"draft": {"aspect": "2:3 to 3:2"}}},
    "Ten drafts, Landscape, SDXL": {"count": 10, "profile": "sdxl", "overrides": WIDE},
    "10 drafts wide sdxl": {"count": 10, "profile": "sdxl", "overrides": WIDE},
    "count 10, profile: sdxl, wide": {"count": 10, "profile": "sdxl", "overrides": WIDE},
    "3 drafts, steps 20, cfg: 7, sampler Euler a, sdxl profile": {
        "count": 3,
        "profile": "sdxl",
        "overrides": {"steps": 20, "guidance_scale": 7, "scheduler": "Euler a"},
    },
    "3 drafts, portrait, size: 800x600": {"count": 3, "size": "800x600"},
    "5 drafts, 16/9": {"count": 5, "overrides": {"draft": {"aspect": "16:9"}}},
}


@pytest.mark.parametrize("line", HEADINGS)
def test_a_first_line_of_settings(line: str) -> None:
    """It holds for all prompts of the file, pasted ones as well; every part must be known."""
    pasted = "a tower\nSteps: 8, Sampler: Euler a, CFG scale: 3, Seed: 5, Size: 256x256"
    text = f"# plans\n{line}\na castle\n\na boat\n\n{pasted}"
    custom = Custom(["sdxl", "postcard"])
    if HEADINGS[line] is None:
        with pytest.raises(MistakesError, match=r'line 2, "text": this means nothing .* 10 drafts'):
            formats.parse_text(".txt", text, custom)
        return
    *typed, last = formats.parse_text(".txt", text, custom)
    for one, words in zip(typed, ("a castle", "a boat"), strict=True):
        assert msgspec.to_builtins(one) == {"text": words, **HEADINGS[line]}
    assert isinstance(last, Asked)
    assert (last.params.prompt, last.params.seed) == ("a tower", 5)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("10 drafts, wied, sdxl", r'"wied": .*did you mean .wide.\?'),
        ("10 drafts, sdlx", r'"sdlx": .*did you mean .sdxl.\?'),
        ("0 drafts, wide", r'"0 drafts": expected a whole number from 1 to 100,000'),
        ("5 drafts, 9000 steps", r'"9000 steps": expected a whole number from 1 to 1,000'),
    ],
)
def test_a_first_line_with_a_mistake(line: str, says: str) -> None:
    """The part, and what was meant perhaps."""
    with pytest.raises(MistakesError, match=f"line 1, {says}"):
        read("a.txt", f"{line}\na castle", Custom(["sdxl"]))


@pytest.mark.parametrize(
    "line",
    [
        *("10 images of a castle, wide", "square", "wide, tall", "a castle, 10 drafts of wind"),
        *("16:9", "two drafts of a letter", "10 drafts of a letter on a desk", "count 10"),
    ],
)
def test_a_first_line_that_is_a_prompt(line: str) -> None:
    """Whoever does not say how many has written a prompt."""
    assert read("a.txt", f"{line}\n\na boat")[0].text == line


def test_lines_of_one_setting() -> None:
    """They belong to their paragraph, to the one above, or, at the top, to all."""
    text = "profile: sdxl\n\na castle\ncount: 10\n\na boat\n\ncount: 3\n\na hill, time: noon"
    found = [(one.text, one.profile, one.count) for one in read("a.txt", text)]
    assert found == [
        ("a castle", "sdxl", 10),
        ("a boat", "sdxl", 3),
        ("a hill, time: noon", "sdxl", None),
    ]


@pytest.mark.parametrize(
    ("text", "words", "note"),
    [
        ("a castle\ncount: many", "a castle count: many", '"count: many" is read as words'),
        ("a castle --steps many", "a castle", "--steps many is not used: expected a whole number"),
        ("a castle --with moat", "a castle --with moat", "--with moat is not a setting"),
    ],
)
def test_what_only_looks_like_a_setting(text: str, words: str, note: str) -> None:
    """A note says how it was read."""
    (one,) = read("a.txt", text)
    assert one.text == words
    assert one.notes[0].startswith(note)


def test_dashes_are_no_settings() -> None:
    """Where no word follows them at once."""
    for text in ("a castle -- by night", "a well--lit castle", "--"):
        assert read("a.txt", text) == [Prompt(text=text)]


def test_pasted_texts_stay_as_they_are() -> None:
    """A file without any first line of settings."""
    (one,) = formats.parse_text(
        ".txt", decode(samples.sample("public/t15-stepless-a1111.txt")), Custom(["x"])
    )
    assert isinstance(one, GenerationParams)


@pytest.mark.parametrize(
    "text",
    [
        "a " + "--ar 16:9 " * 10_000,
        "a\n" + "count: 3\n" * 10_000,
        "a\n\ncount: 3\n\n" * 5_000,
        "a b\n" * 20_000,
        "10 drafts" + ", wide" * 16_000 + "\na",
        "{\\rtf1 " + "\\par a castle" * 6_000 + "}",
        " " * 80_000 + "--ar 16:9",
        "\n" * 80_000 + "prompt = 3",
    ],
)
@pytest.mark.parametrize("per_line", [False, True])
def test_a_long_text_is_read_soon(text: str, per_line: bool) -> None:
    """Whatever it repeats: no reader takes longer than its length asks for."""
    began = time.process_time()
    with contextlib.suppress(MistakesError):
        formats.parse_text(".txt", text, Custom(["sdxl"], per_line))
    assert time.process_time() - began < 10


@given(st.text("acdorw10 ,:;-=\n#{}\\\"'", max_size=120), st.booleans())
def test_any_text_is_some_prompt(text: str, per_line: bool) -> None:
    """It is read, or refused with a sentence."""
    for begin in ("", "3 drafts, ", "{\\rtf1 ", "--no "):
        try:
            found = formats.parse_text(".txt", begin + text, Custom(["a"], per_line))
        except MistakesError as error:
            assert str(error)
        else:
            assert found


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        (
            "a castle \u2014ar 16:9 \u2014v 6",
            {"overrides": {"draft": {"aspect": "16:9"}}},
            "not used",
        ),
        ("a castle \u2014the old one", {"text": "a castle \u2014the old one"}, ""),
        ("a castle --steps 20, by a lake", {"overrides": {"steps": 20}}, ""),
        ("a castle, by a lake\ncount = 3\nsteps=20", {"count": 3}, ""),
        ("https://x.org/a.png a castle", {}, "web address"),
        ("a castle ::2 boat ::1", {"text": "a castle ::2 boat ::1"}, "AND between prompts"),
        ("[fog::0.3] a castle", {"text": "[fog::0.3] a castle"}, ""),
        ("a castle\nmodel: sdxl", {}, "a profile says which model"),
        ("10 drafts and wide", {"text": "10 drafts and wide"}, "has commas between them"),
    ],
)
def test_settings_among_words(text: str, expected: dict[str, Any], note: str) -> None:
    """Long dashes, words behind a switch, `=`; what only looks like a setting is told."""
    (one,) = read("a.txt", text)
    said = msgspec.to_builtins(one)
    assert {key: said[key] for key in expected} == expected
    assert len(one.notes) == bool(note) and note in "".join(one.notes)
    assert "by a lake" in one.text or "by a lake" not in text
