"""Slices of `python -m tests.strangers`: what strangers write is answered in words, and soon."""

from __future__ import annotations

import random

import pytest

from tests import strangers
from tests.growth import MOST
from tests.strangers import Reader


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        return strangers.all_readers(tmp_path_factory.mktemp("strangers"))


def test_the_samples_are_sound(known: dict[str, Reader]) -> None:
    """Each reader takes what it is mutated from, so that mutations reach deep."""
    for reader in known.values():
        for sample in reader.samples:
            reader.read(sample)


def test_six_hundred_mutated_texts(known: dict[str, Reader]) -> None:
    """No error but ours, and none that takes longer than two seconds."""
    wrong = {}
    for number in range(600):
        name, data = strangers.mutated(known, 2026, number)
        if says := strangers.answered(known[name], data):
            wrong[number, name] = says
    assert wrong == {}


@pytest.mark.parametrize("seed", range(12))
def test_time_grows_with_the_size(known: dict[str, Reader], seed: int) -> None:
    """Twice as much of anything takes twice as long, up to what each reader takes."""
    name, piece, made = strangers.growing(known, 2026, seed)
    grows = strangers.growth(known[name], made)
    assert grows <= MOST, f"{name}: {grows:.1f} times for {piece!r}"


def test_what_grows_too_fast_is_seen() -> None:
    """A reader that looks at every pair takes four times as long for twice as much."""

    def pairs(data: bytes) -> int:
        return sum(data[: at % len(data)].count(b"x") for at in range(len(data)))

    reader = Reader(pairs, (b"",), most=40_000)
    assert strangers.growth(reader, lambda count: b"ab" * count) > MOST


def test_a_text_is_decided_by_its_number(known: dict[str, Reader]) -> None:
    """What was found once can be looked at again, whatever was drawn before."""
    first = [strangers.mutated(known, 5, number) for number in range(20)]
    random.random()
    assert first == [strangers.mutated(known, 5, number) for number in range(20)]
