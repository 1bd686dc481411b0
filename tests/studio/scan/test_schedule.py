"""When to look where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.schedule import Schedule
from tests.studio.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """Time that is passed on by hand."""
    return Clock()


@pytest.fixture
def schedule(studio: Studio, clock: Clock) -> Iterator[Schedule]:
    """A lookout that has looked everywhere once, rounds being due every 60 s."""
    studio.settings.write_text("settle_seconds = 0.1\nlook_seconds = 60\n")
    made = Schedule(studio, clock)
    made.go_on()
    yield made
    made.watch.stop()


def prompts(schedule: Schedule) -> list[str]:
    return [file.path for file in schedule.scanner.snapshot().prompt_files]


def settled(schedule: Schedule, clock: Clock) -> list[str]:
    """The prompt files that are known after they could settle."""
    schedule.go_on()
    clock.now += 1
    schedule.go_on()
    return prompts(schedule)


def test_nothing_is_looked_at_without_a_hint(
    schedule: Schedule, studio: Studio, clock: Clock
) -> None:
    """What nobody hears of waits for the next round, which is due after the owner's time."""
    schedule.watch.stop()
    (studio.inbox / "a.txt").write_text("a castle")
    schedule.watch.take()
    assert settled(schedule, clock) == []
    assert 0 < schedule.round_in_s() <= 60
    clock.now += 60
    assert schedule.round_in_s() <= 0
    assert schedule.go_on(), "a small studio's round is one slice"
    assert settled(schedule, clock) == ["inbox/a.txt"]
    assert schedule.round_in_s() > 0


def test_lost_hints_begin_a_round(schedule: Schedule, studio: Studio, clock: Clock) -> None:
    """At once, not at its time."""
    schedule.watch.stop()
    (studio.inbox / "a.txt").write_text("a castle")
    schedule.watch.take()
    schedule.watch.lose()
    assert schedule.go_on()
    assert settled(schedule, clock) == ["inbox/a.txt"]


def test_a_deaf_watch_makes_rounds_frequent(schedule: Schedule) -> None:
    """Whatever the owner's setting is."""
    schedule.watch.blind = "no notice"
    assert schedule.round_in_s() <= 5


def test_beginning_anew(schedule: Schedule, studio: Studio, clock: Clock) -> None:
    """Another run looks everywhere first."""
    schedule.watch.stop()
    (studio.inbox / "a.txt").write_text("a castle")
    schedule.watch.take()
    schedule.begin_anew()
    assert settled(schedule, clock) == ["inbox/a.txt"]
