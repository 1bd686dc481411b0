"""Jobs that have to wait."""

from __future__ import annotations

from hotfolder.backoff import LONGEST_PAUSE_S, Backoff


def test_longer_each_time() -> None:
    """The pause doubles up to five minutes; only the first time is news."""
    waits, now, pauses = Backoff(), 100.0, []
    for number in range(12):
        assert waits.postpone("a", "the disk is full", now) == (number == 0)
        (again_at,) = waits.ends_at()
        assert waits.has("a", again_at - 0.01)
        assert not waits.has("a", again_at)
        pauses.append(again_at - now)
        now = again_at
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert waits.reasons() == {"a": "the disk is full"}


def test_an_end() -> None:
    """After something was done the next trouble begins anew; others have their own waits."""
    waits = Backoff()
    waits.postpone("a", "x", 0.0)
    waits.postpone("a", "x", 1.0)
    waits.postpone("b", "y", 1.0)
    waits.end("a")
    waits.end("never")
    assert not waits.has("a", 1.0)
    assert waits.has("b", 1.0)
    assert waits.postpone("a", "x", 2.0)
    assert waits.ends_at() == [2.0, 3.0]


def test_what_nobody_asks_for() -> None:
    """A file that has gone is forgotten once its time has come."""
    waits = Backoff()
    waits.postpone("a", "x", 0.0)
    waits.forget_past(0.5)
    assert waits.reasons()
    waits.forget_past(1.0)
    assert not waits.reasons()


def test_what_is_tried_is_not_forgotten() -> None:
    """While a file's job is being done again its wait stands, so that the next one is longer."""
    waits = Backoff()
    waits.postpone("a", "says", 0.0)
    waits.forget_past(1.5, {"a"})
    assert not waits.has("a", 1.5)
    assert not waits.postpone("a", "says", 1.5)
    assert waits.has("a", 3.4)
