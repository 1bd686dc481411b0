"""Midjourney's description."""

from __future__ import annotations

from tests.images.foreign.pictures import params, png

JOB = " Job ID: 01234567-89ab-cdef-0123-456789abcdef"


def test_its_parameters() -> None:
    """The prompt ends at the first one; --no is what is not wanted."""
    said = params(
        png(Description=f"a castle, fog --ar 3:2 --v 6.1 --no people --seed 5 --tile{JOB}")
    )
    assert said is not None
    assert (said.program, said.prompt, said.negative_prompt) == (
        "Midjourney",
        "a castle, fog",
        "people",
    )
    assert (said.seed, said.model, said.others) == (
        5,
        "Midjourney 6.1",
        {"--ar": "3:2", "--tile": "yes"},
    )


def test_other_descriptions_are_nobody_s() -> None:
    """Without a job's number it may be about anything."""
    assert params(png(Description="a castle --ar 3:2")) is None
