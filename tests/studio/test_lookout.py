"""When to look where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotfolder.studio.layout import Studio
from hotfolder.studio.lookout import Lookout
from tests.studio.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """Time that is passed on by hand."""
    return Clock()


@pytest.fixture
def lookout(studio: Studio, clock: Clock) -> Iterator[Lookout]:
    """A lookout that has looked everywhere once, rounds being due every 60 s."""
    studio.settings.write_text("settle_seconds = 0.1\nlook_seconds = 60\n")
    made = Lookout(studio, clock)
    made.go_on()
    yield made
    made.watch.stop()


def prompts(lookout: Lookout) -> list[str]:
    return [file.path for file in lookout.look.snapshot().prompt_files]


def settled(lookout: Lookout, clock: Clock) -> list[str]:
    """The prompt files that are known after they could settle."""
    lookout.go_on()
    clock.now += 1
    lookout.go_on()
    return prompts(lookout)


def test_nothing_is_looked_at_without_a_hint(
    lookout: Lookout, studio: Studio, clock: Clock
) -> None:
    """What nobody hears of waits for the next round, which is due after the owner's time."""
    lookout.watch.stop()
    (studio.inbox / "a.txt").write_text("a castle")
    lookout.watch.take()
    assert settled(lookout, clock) == []
    assert 0 < lookout.round_in_s() <= 60
    clock.now += 60
    assert lookout.round_in_s() <= 0
    assert lookout.go_on(), "a small studio's round is one slice"
    assert settled(lookout, clock) == ["inbox/a.txt"]
    assert lookout.round_in_s() > 0


def test_lost_hints_begin_a_round(lookout: Lookout, studio: Studio, clock: Clock) -> None:
    """At once, not at its time."""
    lookout.watch.stop()
    (studio.inbox / "a.txt").write_text("a castle")
    lookout.watch.take()
    lookout.watch.lose()
    assert lookout.go_on()
    assert settled(lookout, clock) == ["inbox/a.txt"]


def test_a_deaf_watch_makes_rounds_frequent(lookout: Lookout) -> None:
    """Whatever the owner's setting is."""
    lookout.watch.blind = "no notice"
    assert lookout.round_in_s() <= 5


def test_beginning_anew(lookout: Lookout, studio: Studio, clock: Clock) -> None:
    """Another run looks everywhere first."""
    lookout.watch.stop()
    (studio.inbox / "a.txt").write_text("a castle")
    lookout.watch.take()
    lookout.begin_anew()
    assert settled(lookout, clock) == ["inbox/a.txt"]
