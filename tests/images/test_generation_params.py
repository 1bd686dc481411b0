"""Other programs' values in our terms."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.images import generation_params


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("SDXL\\a b.safetensors", "a b"),
        ("/home/me/x.CKPT", "x"),
        ("http://host/y.gguf", "y"),
        ("v1.5", "v1.5"),
        ("x" * 3000, "x" * 256),
        (7, ""),
    ],
)
def test_of_a_model_only_the_name_is_kept(written: Any, bare: str) -> None:
    """No folder, no address, no ending."""
    assert generation_params.name(written) == bare


@pytest.mark.parametrize(
    ("value", "read"),
    [(5, 5), ("5", 5), (5.0, 5), (5.5, None), (True, None), ("٣", None), (-1, None), ([], None)],
)
def test_whole_numbers(value: Any, read: int | None) -> None:
    """As numbers or as text; nothing else."""
    assert generation_params.whole(value, 0, 10) == read


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "nan", "1e999", -1, {}, None, "1_0"])
def test_numbers_that_are_none(value: Any) -> None:
    """What no recipe can have is left out."""
    assert generation_params.guidance(value) is None


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 1e5000', "nul", "", None, '{"a":' * 50_000])
def test_what_is_no_object_is_none(text: str | None) -> None:
    """Rubbish, lists, and brackets without end."""
    assert generation_params.json_object(text) is None


def test_nan_in_a_graph_is_no_reason_to_refuse_it() -> None:
    """ComfyUI writes NaN for nodes that always change."""
    assert generation_params.json_object('{"is_changed": [NaN]}') == {"is_changed": [None]}
