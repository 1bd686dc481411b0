"""Paragraphs, comments and pasted A1111 texts become prompts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.errors import MistakesError
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts.paragraphs import from_params
from hotfolder.prompts.text import parse
from hotfolder.recipes.prompt import MAX_PROMPTS, Prompt

SETTINGS = "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 5, Size: 512x768"
PASTED = GenerationParams(
    program="A1111",
    prompt="a castle, (sea:1.2) {kept}",
    negative_prompt="blurry",
    steps=20,
    scheduler="DPM++ 2M Karras",
    guidance_scale=6.5,
    seed=5,
    width=512,
    height=768,
)


def texts(text: str) -> list[str]:
    return [one.text if isinstance(one, Prompt) else one.prompt for one in parse(text)]


def test_paragraphs_are_prompts() -> None:
    """Blank lines part prompts; the lines of one paragraph are joined by spaces."""
    assert texts("\n\na castle\n  by the sea \n\n \t\na hill\n") == [
        "a castle by the sea",
        "a hill",
    ]


def test_comments_are_left_out() -> None:
    """A line that begins with # is no part of a prompt and parts none; a later # is text."""
    assert texts("# Plans\na castle\n  # at night\nby the sea, C#\n\n#x\n") == [
        "a castle by the sea, C#"
    ]


def test_a_negative_prompt_belongs_to_the_paragraph_above() -> None:
    """`Negative prompt:` needs no settings below it, and may stand after a blank line."""
    prompt = Prompt(text="a castle", negative="blurry, text")
    assert parse("a castle\nNegative prompt: blurry,\ntext") == (prompt,)
    assert parse("a castle\n\nNegative prompt: blurry, text\n\na hill")[0] == prompt


@pytest.mark.parametrize(
    "text",
    [
        f"a castle, (sea:1.2) {{kept}}\nNegative prompt: blurry\n{SETTINGS}",
        f"a castle, (sea:1.2) {{kept}}\n\nNegative prompt: blurry\n\n{SETTINGS}\n",
        f"# from a friend\na castle, (sea:1.2) {{kept}}\nNegative prompt: blurry\n  {SETTINGS}",
    ],
)
def test_a_pasted_text_is_understood(text: str) -> None:
    """An A1111 text is taken literally with its settings; its size gives the shape only."""
    assert parse(text) == (PASTED,)


def test_pasted_texts_stand_among_paragraphs() -> None:
    """A settings line ends its block, with or without a blank line after it."""
    block = f"a castle, (sea:1.2) {{kept}}\nNegative prompt: blurry\n{SETTINGS}"
    found = parse(f"a hill\n\n{block}\n{block}\n\na {{lake|pond}}")
    assert found == (Prompt(text="a hill"), PASTED, PASTED, Prompt(text="a {lake|pond}"))


def test_a_pasted_prompt_may_hold_blank_lines() -> None:
    """Above settings, a comma or BREAK at the end of a paragraph says that it goes on."""
    text = f"a hill\n\na castle,\n\nBREAK\n\na moat\n{SETTINGS}"
    assert texts(text) == ["a hill", "a castle,\n\nBREAK\n\na moat"]


def test_unknown_settings_are_the_profile_s() -> None:
    """A sampler that we do not have, a random seed and a strange size leave no trace."""
    (read,) = parse("x\nSteps: 9, Sampler: DPM fast, Seed: -1, Size: 16x16000")
    assert isinstance(read, GenerationParams)
    assert from_params(read) == Prompt(text="x", literal=True, overrides={"steps": 9})


@pytest.mark.parametrize(
    "begin", ["Negative Prompt:", "negative prompt:", "Negative:", "NEGATIVE:"]
)
def test_a_negative_prompt_in_any_case(begin: str) -> None:
    """People type it as they like."""
    assert parse(f"a castle\n{begin} people") == (Prompt(text="a castle", negative="people"),)
    assert parse("a castle negative prompt: people")[0] == Prompt(
        text="a castle", negative="people"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a castle\nNegative prompt: people\nSampler: Euler a, CFG scale: 3, Seed: 5, Size: 256x256",
        "a castle Negative prompt: people Sampler: Euler a, Steps: 3, CFG scale: 3, Seed: 5,"
        " Size: 256x256",
        "a castle\nNegative prompt: people\nCFG scale: 3\nSampler: euler_ancestral\nSeed: 5\n"
        "Size: 256x256",
        "Prompt: a castle\nNegative Prompt: people\nSeed: 5\nSampler: euler_a\n"
        "Guidance Scale: 3\nWidth: 256\nHeight: 256",
        "a castle\nNegative prompt: people\n"
        "cfg scale: 3 | sampler: Euler a | seed: 5 | size: 256x256",
    ],
)
def test_settings_in_any_order_and_shape(text: str) -> None:
    """They may begin with any key, stand on the prompt's line, below one another, or with |."""
    (read,) = parse(text)
    assert isinstance(read, GenerationParams)
    assert (read.prompt, read.negative_prompt) == ("a castle", "people")
    assert (read.scheduler, read.guidance_scale, read.seed) == ("Euler a", 3, 5)
    assert (read.width, read.height) == (256, 256)


def test_lines_below_the_settings_are_no_prompts() -> None:
    """Times, memory and extensions stand there, directly or after a blank line."""
    below = "Time taken: 4.2 sec.\n\nA: 3.14 GB, R: 3.92 GB, Sys: 5.2/8 GB (65%)"
    text = "a castle, (sea:1.2) {kept}\nNegative prompt: blurry\n" + SETTINGS
    assert parse(f"{text}\n\n{below}\n\na hill") == (PASTED, Prompt(text="a hill"))
    assert parse(f"{text}\nTemplate: x\nSome extension: y\n{below}\n") == (PASTED,)


def test_two_pairs_are_no_settings() -> None:
    """A line of fewer than three pairs is part of the prompt."""
    assert texts("a castle\nSteps: many, stone: grey") == ["a castle Steps: many, stone: grey"]


def test_all_wrong_lines_are_named() -> None:
    """Every paragraph that is wrong is named by its first line."""
    long = "x" * 70_000
    with pytest.raises(MistakesError) as raised:
        parse(f"fine\n\n{long}\n\n{SETTINGS}\n{SETTINGS}")
    assert [found.where for found in raised.value.mistakes] == ["line 3", "line 6"]


@pytest.mark.parametrize("text", ["# only\n\n# comments", "\n \n", ""])
def test_no_prompt_is_a_mistake(text: str) -> None:
    """A file without any prompt is said to have none."""
    with pytest.raises(MistakesError, match="there is no prompt in it"):
        parse(text)


def test_too_many_prompts() -> None:
    """A file has a bounded number of prompts."""
    with pytest.raises(MistakesError, match="more than 10,000 prompts"):
        parse("a\n\n" * (MAX_PROMPTS + 1))


@pytest.mark.parametrize(
    "text",
    [
        "a castle,\n\n" * 80_000 + SETTINGS,
        "Negative prompt: a\n\n" * 40_000,
        f"{SETTINGS}\n" * 12_000,
        "BREAK\n" * 150_000,
    ],
    ids=["goes on", "negative", "settings", "lines"],
)
def test_is_read_in_linear_time(text: str) -> None:
    """Almost a megabyte of the worst repeated lines is answered soon."""
    start = time.process_time()
    with pytest.raises(MistakesError):
        parse(text)
    assert time.process_time() - start < 5


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a castle", "", "# no", "Negative prompt: x", SETTINGS, "BREAK", "a,", " "]
        ),
        max_size=12,
    )
)
def test_any_lines_give_prompts_or_mistakes(lines: list[str]) -> None:
    """Whatever the order of lines, each prompt has a text, or a sentence says what is wrong."""
    try:
        found = parse("\n".join(lines))
    except MistakesError as error:
        assert error.mistakes
    else:
        assert all(one.text if isinstance(one, Prompt) else one.prompt for one in found)
