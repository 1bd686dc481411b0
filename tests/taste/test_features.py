"""Features: numbers of one byte, and words of a recipe."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.taste import words
from hotfolder.taste.features import KINDS_AT_MOST, Features, pack, unpack


@given(st.lists(st.floats(-3.96, 3.96), max_size=50))
def test_numbers_come_back_nearly_the_same(numbers: list[float]) -> None:
    """A byte keeps a number to a sixty-fourth."""
    assert np.abs(unpack(pack(np.array(numbers))) - np.array(numbers)).max(initial=0) <= 1 / 64


def test_what_is_beyond_is_cut_off_and_what_is_no_number_is_nothing() -> None:
    """Whatever a model comes to, a line can be written."""
    assert unpack(pack(np.array([9.0, -9.0, np.nan, np.inf]))).tolist() == [
        pytest.approx(127 / 32),
        -4.0,
        0.0,
        pytest.approx(127 / 32),
    ]


def test_lines_of_other_machines_are_bounded() -> None:
    """Nobody can fill the memory with kinds or numbers without end."""
    line = msgspec.json.encode(Features("a", kinds={"k": b"\0" * 5000}))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(line, type=Features)
    many = {f"k{number}": b"" for number in range(KINDS_AT_MOST + 1)}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(Features("a", kinds=many)), type=Features)


def test_words_are_words_and_pairs_of_one_part() -> None:
    """Case does not matter, commas part, and other alphabets are words as well."""
    said = words.of_prompt("A Castle on a hill, at night, Замок")
    assert {"castle", "a castle", "hill", "at night", "замок"} <= said
    assert "hill at" not in said


def test_shapes_and_tags_are_words_too() -> None:
    """So that a taste for wide pictures or for one profile can be learned and told."""
    said = words.tagged("x", 320, 200, [("profile", "postcard"), ("file", "")])
    assert {"shape: very wide", "profile: postcard"} <= said
    assert not any(word.startswith("file") for word in said)
    assert words.of_shape(100, 100) == "square"
    assert words.of_shape(1, 10_000) == "very tall"
