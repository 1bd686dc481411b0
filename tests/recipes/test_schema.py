"""Every mistake in a table is found at once and said in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.errors import MistakesError
from hotfolder.recipes import profile, schema


def says(**table: Any) -> str:
    with pytest.raises(MistakesError) as raised:
        schema.convert({"model": {"source": "a/b"}, **table}, profile.Profile)
    return str(raised.value)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"steps": 0}, "steps: expected a whole number from 1 to 1,000, got 0"),
        ({"steps": True}, "steps: expected a whole number from 1 to 1,000, got true"),
        ({"guidance_scale": "7"}, 'guidance_scale: expected a number from 0 to 100, got "7"'),
        (
            {"guidance_scale": float("nan")},
            "guidance_scale: expected a number from 0 to 100, got nan",
        ),
        ({"step": 3}, "step: unknown key; did you mean 'steps'?"),
        ({"draft": 3}, "draft: expected a table, got 3"),
        (
            {"refine": {"scheduler": "Eular"}},
            "refine.scheduler: expected the name of a scheduler (did you mean 'Euler'?), "
            'got "Eular"',
        ),
        (
            {"refine": {"strength": 2}},
            "refine.strength: expected a number above 0 and up to 1 or a list of numbers in [ ], "
            "got 2",
        ),
        (
            {"draft": {"aspect": []}},
            "draft.aspect: expected text in quotes or a list of texts in [ ], got []",
        ),
        (
            {"model": {"source": "x", "dtype": "float8"}},
            'model.dtype: expected "auto" or "float32" or "float16" or "bfloat16", got "float8"',
        ),
        (
            {"model": {"source": "x", "loras": [{"source": "y"}, {"sorce": "z"}]}},
            "model.loras 2.sorce: unknown key; did you mean 'source'?\n"
            "model.loras 2.source: this key is missing",
        ),
        (
            {"model": {"source": "x", "loras": [{"source": "y", "scale": float("nan")}]}},
            "model.loras 1.scale: expected a number from -10 to 10, got nan",
        ),
        (
            {"model": {"source": "x", "loras": "y"}},
            'model.loras: expected tables under [[model.loras]], got "y"',
        ),
        (
            {"model": {"source": "x", "embeddings": ["y"]}},
            "model.embeddings: expected a table of texts, got ['y']",
        ),
    ],
)
def test_says_what_was_expected(table: dict[str, Any], sentence: str) -> None:
    """A wrong value is named with its key, what was expected and what was found."""
    assert says(**table) == sentence


def test_says_everything_at_once() -> None:
    """Two mistakes in different tables come together."""
    assert len(says(steps=0, draft={"cuont": 3}).splitlines()) == 2


def test_takes_both_forms_of_random_parts() -> None:
    """`random` may be one list of texts or several lists."""
    for given in (["a", "b"], [["a", "b"], ["c"]]):
        table = {"model": {"source": "a/b"}, "random": given}
        assert schema.convert(table, profile.Profile).random == given


def test_merge_leaves_its_arguments_alone() -> None:
    """Tables are laid over each other key by key, without changing either."""
    under, over = {"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}
    assert schema.merge(under, over) == {"a": {"b": 3, "c": 2}}
    assert under == {"a": {"b": 1, "c": 2}}


def test_a_sentence_stays_short() -> None:
    """However long a key or value is, its mistake can be read."""
    assert len(says(**{"k" * 9_999: 1})) < 500
    assert len(says(steps="v" * 9_999, draft={"k" * 9_999: 1})) < 1_000


def test_very_many_unknown_keys() -> None:
    """The first ones are named, the rest are counted: a note stays one that can be read."""
    lines = says(**{f"k{number}": 1 for number in range(5000)}).splitlines()
    assert lines[0].startswith("k0: unknown key")
    assert lines[20:] == ["4,980 more unknown keys"]
