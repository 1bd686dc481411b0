"""What a daemon waits for, and what it does only now and then."""

from __future__ import annotations

from hotfolder.waiting import Sparingly, Wait, soonest


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """So much time passes."""
        self.now += seconds


def test_the_wait_that_ends_first() -> None:
    """Whatever stands first."""
    waits = [Wait(3.0, "a look everywhere"), Wait(1.0, "a device that rests")]
    assert soonest(waits) == waits[1]


def test_what_takes_long_is_done_now_and_then() -> None:
    """Something of 2 s is done again after 38 s; until then it is owed once it was asked for."""
    clock, done = Clock(), list[float]()
    sparingly = Sparingly(clock)

    def work() -> None:
        done.append(clock.now)
        clock.pass_by(2.0)

    sparingly.do(work)
    assert (done, sparingly.owed_in_s()) == ([100.0], None)
    clock.pass_by(10.0)
    sparingly.do(work)
    assert (done, sparingly.owed_in_s()) == ([100.0], 28.0)
    clock.pass_by(28.0)
    sparingly.do(work)
    assert (done, sparingly.owed_in_s()) == ([100.0, 140.0], None)


def test_what_takes_no_time_is_done_each_time() -> None:
    """A review of a few pictures, say."""
    clock, done = Clock(), list[float]()
    sparingly = Sparingly(clock)
    for _ in range(3):
        sparingly.do(lambda: done.append(clock.now))
    assert len(done) == 3 and sparingly.owed_in_s() is None
