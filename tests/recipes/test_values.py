"""What wildcards became, read from the template and the prompt."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from hotfolder.recipes.values import values
from hotfolder.recipes.wildcards import expand


def test_choices_and_lists_are_told() -> None:
    """Each value with the name of its list; a choice has none."""
    found = values(
        "a {small|lonely} hut, __light__, by the sea", "a lonely hut, low sun, by the sea"
    )
    assert list(found) == [("", "lonely"), ("light", "low sun")]
    assert list(values("__a__", "sun")) == [("a", "sun")]
    assert list(values("no template", "no template")) == []


def test_what_does_not_agree_says_nothing() -> None:
    """A prompt of another template, or values side by side: nothing is guessed."""
    assert list(values("a {b|c} d", "something else")) == []
    assert list(values("{a|b}{c|d} e", "ac e")) == []
    assert list(values("{never closed", "{never closed")) == []


@given(
    st.lists(st.sampled_from(["red", "blue", "two words"]), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_drawn_values_are_found_again(options: list[str], seed: int) -> None:
    """What `expand` draws is what `values` finds."""
    written = f"a {{{'|'.join(options)}}} boat, __time__ sky"
    prompt = expand(written, seed, {"time": ["dawn", "noon"]})
    found = list(values(written, prompt))
    assert found[0][1] in options and found[1][1] in ("dawn", "noon")


def test_hostile_templates_end_soon() -> None:
    """Thousands of braces and underscores take no time."""
    began = time.process_time()
    for text in ("{" * 60_000, "__" * 30_000, "{a" * 20_000 + "}" * 20_000, "_" * 60_000):
        list(values(text, text))
    assert time.process_time() - began < 5.0, "seconds of processor time"
