"""How fast slots are, and where a draft is done first."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.pace import Paces, first, work
from hotfolder.recipes.recipe import Recipe

DRAFT = Recipe(
    prompt="a castle",
    seed=7,
    width=1000,
    height=1000,
    multiple=8,
    model="m",
    scheduler="Euler",
    steps=10,
    guidance_scale=1.0,
)
FINAL = msgspec.structs.replace(DRAFT, source=DRAFT, strength=0.5)
FAST, SLOW = 0, 1


@pytest.fixture
def paces() -> Paces:
    """A slot that takes a second for a draft, and one that takes ten."""
    known = Paces()
    known.made(FAST, DRAFT, 1.0)
    known.made(SLOW, DRAFT, 10.0)
    return known


def place(paces: Paces, free: list[int], now_s: float, wanted: float) -> int | None:
    return first(paces, DRAFT, free, [FAST, SLOW], now_s, lambda: wanted)


def test_the_work_of_a_picture() -> None:
    """Steps times megapixels; of a refinement those that run."""
    assert (work(DRAFT), work(FINAL)) == (10.0, 5.0)


def test_a_draft_begins_where_it_ends_first(paces: Paces) -> None:
    """On the fast slot if that is free; on the slow one only if there is enough for both."""
    assert place(paces, [FAST, SLOW], 0.0, 1) == FAST
    paces.begin(FAST, [DRAFT], 0.0)
    assert place(paces, [SLOW], 0.5, 1) is None
    assert place(paces, [SLOW], 0.5, 8) is None
    assert place(paces, [SLOW], 0.5, 12) == SLOW
    assert place(paces, [SLOW], 0.5, math.inf) == SLOW


def test_a_slot_that_never_ends_is_not_waited_for(paces: Paces) -> None:
    """It had three times as long as usual."""
    paces.begin(FAST, [DRAFT], 0.0)
    assert place(paces, [SLOW], 2.9, 1) is None
    assert place(paces, [SLOW], 3.1, 1) == SLOW


def test_an_unknown_slot_is_tried(paces: Paces) -> None:
    """Nobody knows how fast it is before."""
    paces.forget(SLOW)
    assert place(paces, [FAST, SLOW], 0.0, 1) == SLOW


def test_the_speed_in_words(paces: Paces) -> None:
    """Drafts and finals for themselves; the latest count most."""
    paces.made(FAST, FINAL, 4.0)
    paces.made(FAST, DRAFT, 2.0)
    assert paces.of(FAST).told == "1.3 s a draft, 4 s a final"
    assert paces.of(9).told == ""


@given(
    speeds=st.lists(st.floats(0.1, 100), min_size=1, max_size=6),
    busy=st.sets(st.integers(0, 5)),
    wanted=st.integers(1, 50),
)
def test_something_is_always_at_work(speeds: list[float], busy: set[int], wanted: int) -> None:
    """A draft waits only while a slot is busy that ends it sooner than each free one would."""
    paces, slots = Paces(), list(range(len(speeds)))
    for slot, speed in enumerate(speeds):
        paces.made(slot, DRAFT, speed)
    for slot in busy & set(slots):
        paces.begin(slot, [DRAFT], 0.0)
    free = [slot for slot in slots if slot not in busy]
    found = first(paces, DRAFT, free, slots, 0.0, lambda: wanted)
    best = min((speeds[slot] for slot in free), default=None)
    if found is None:
        ends = [2 * speeds[slot] for slot in slots if slot in busy]
        assert best is None or min(ends) < best
    else:
        assert speeds[found] == best
