"""The index over the ledger's entries."""

from __future__ import annotations

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.history import (
    Entry,
    Finished,
    Finishing,
    History,
    Made,
    Making,
    Ordinals,
    Picked,
    Picking,
    Unmade,
)


def history(*entries: Entry) -> History:
    made = History()
    for entry in entries:
        made.apply(entry)
    return made


def made(request: str, ordinal: int, recipe: str = "") -> Made:
    return Made("draft", request, ordinal, recipe or f"{request}{ordinal}", "drafts/a.png")


def making(request: str, ordinal: int) -> Making:
    return Making("draft", request, ordinal, f"{request}{ordinal}", "drafts/a.png")


def test_nothing_was_made() -> None:
    """A new history has no ordinals, no turns and nothing unconfirmed."""
    new = history()
    assert not new.made("draft", "a")
    assert (new.base("a"), new.next_ordinal("a"), new.last_turn("draft", ["a"])) == (0, 0, 0)
    assert (new.unconfirmed(), new.unconfirmed_moves()) == ((), ())
    assert new.totals() == {"draft": 0, "final": 0}


def test_made() -> None:
    """Ordinals are kept for each request; drafts and finals apart."""
    final = Made("final", "key", 1, "f", "final/f.png")
    known = history(made("a", 0), made("a", 2), made("b", 0), final)
    assert set(known.made("draft", "a")) == {0, 2}
    assert set(known.made("final", "key")) == {1}
    assert not known.made("final", "a")
    assert known.next_ordinal("a") == 3
    assert known.totals() == {"draft": 3, "final": 1}


@given(st.sets(st.integers(0, 12)), st.integers(0, 13), st.none() | st.integers(0, 14))
def test_made_between(numbers: set[int], first: int, end: int | None) -> None:
    """As many as a set would count."""
    known = history(*(made("a", number) for number in numbers))
    expected = sum(first <= number < (20 if end is None else end) for number in numbers)
    assert known.made_between("draft", "a", first, end) == expected
    assert known.made_between("draft", "b", first, end) == 0


@given(st.lists(st.integers(0, 12), max_size=20))
def test_ordinals(numbers: list[int]) -> None:
    """They are what a set is, in any order and with gaps."""
    known = Ordinals()
    for number in numbers:
        known.add(number)
    assert known == set(numbers) and len(known) == len(set(numbers))
    assert [number in known for number in range(-1, 14)] == [n in numbers for n in range(-1, 14)]
    assert known.end == max(numbers, default=-1) + 1


def test_a_long_request_takes_no_more_memory() -> None:
    """What is known of an endless prompt is as small after 10,000 drafts as after 10."""
    known = history(*(made("a", ordinal) for ordinal in range(10)))
    tracemalloc.start()
    try:
        for ordinal in range(10, 10_000):
            known.apply(made("a", ordinal))
        assert tracemalloc.get_traced_memory()[0] < 5_000
    finally:
        tracemalloc.stop()
    assert known.totals()["draft"] == known.next_ordinal("a") == 10_000


def test_picks() -> None:
    """A picture was picked once its announced move was confirmed."""
    announced = Picking("drafts/a.png", "seeds/a.png", "key")
    known = history(announced)
    assert known.unconfirmed_picks() == (announced,)
    assert not known.was_picked("key")
    known.apply(Picked("seeds/a.png", "key"))
    assert known.unconfirmed_picks() == ()
    assert known.was_picked("key")


def test_turns() -> None:
    """A turn is a picture of the same stage; the last of several requests counts."""
    known = history(made("a", 0), made("b", 0), Made("final", "k", 0, "f", "final/f.png"))
    assert known.turn("draft") == 2
    assert known.last_turn("draft", ["a"]) == 1
    assert known.last_turn("draft", ["a", "b", "c"]) == 2
    assert known.last_turn("final", ["k"]) == 1
    assert known.last_turn("draft", []) == 0


def test_begun() -> None:
    """What is being made has had its turn and its ordinal; it ends when it is made, or given up."""
    known = history(made("a", 0))
    known.begin("draft", "a", 1)
    known.begin("draft", "b", 0)
    assert (known.begun("draft", "a"), known.begun("final", "a")) == ({1}, set())
    assert (known.next_ordinal("a"), known.next_ordinal("b")) == (2, 1)
    assert [known.last_turn("draft", [request]) for request in "ab"] == [2, 3]
    assert known.under_way("draft") == 2
    known.apply(made("a", 1))
    assert known.turn("draft") == 3, "its turn was counted already"
    known.end("draft", "b", 0)
    assert not known.begun("draft", "a") and not known.begun("draft", "b")
    assert known.next_ordinal("b") == 0, "the ordinal is free again"
    assert known.under_way("draft") == 0


def test_announcements() -> None:
    """Only an announced picture that neither appeared nor was lost is unconfirmed."""
    known = history(making("a", 0), making("a", 1), making("a", 2), made("a", 0), Unmade("a1"))
    assert known.unconfirmed() == (making("a", 2),)


def test_an_announcement_that_comes_late() -> None:
    """Files of two machines come in any order: an entry says that the picture is there."""
    assert history(made("a", 0), making("a", 0)).unconfirmed() == ()


def test_moves() -> None:
    """An announced move is unconfirmed until it is finished; then a later request begins there."""
    move = Finishing("inbox/a.txt", "inbox/done/a.txt", {"a": 4})
    known = history(move)
    assert known.unconfirmed_moves() == (move,)
    assert known.base("a") == 0
    known.apply(Finished("inbox/done/a.txt", {"a": 4}))
    assert known.unconfirmed_moves() == ()
    assert known.base("a") == 4


def test_bases_never_shrink() -> None:
    """An older finish that is read later takes nothing back."""
    assert history(Finished("x", {"a": 8}), Finished("y", {"a": 4})).base("a") == 8


requests = st.sampled_from("ab")
ordinals = st.integers(0, 3)
entries = st.one_of(
    st.builds(making, requests, ordinals),
    st.builds(made, requests, ordinals),
    st.builds(lambda r, o: Unmade(f"{r}{o}"), requests, ordinals),
    st.builds(lambda r, o: Finished("t", {r: o}), requests, ordinals),
)


def known(index: History) -> object:
    return (
        {(r, o) for r in "ab" for o in index.made("draft", r)},
        [(index.base(r), index.next_ordinal(r)) for r in "ab"],
        index.totals(),
    )


@given(st.lists(entries, max_size=15), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_any_order_and_twice(log: list[Entry], random: object) -> None:
    """What was made does not depend on the order of entries, nor on how often they are read."""
    shuffled = [*log, *log]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert known(history(*log)) == known(history(*shuffled))


@given(st.lists(entries, max_size=15))
@settings(max_examples=60)
def test_read_again(log: list[Entry]) -> None:
    """Reading the same entries once more announces nothing anew that was settled."""
    again = history(*log)
    before = {entry.recipe for entry in again.unconfirmed()}
    for entry in log:
        again.apply(entry)
    assert {entry.recipe for entry in again.unconfirmed()} == before


def test_one_of_two_that_are_rendered_ends() -> None:
    """The other one goes on being rendered."""
    known_now = History()
    known_now.begin("draft", "a", 0)
    known_now.begin("draft", "a", 1)
    known_now.end("draft", "a", 0)
    assert known_now.begun("draft", "a") == {1}
