"""Several machines on one studio: nothing is lost, nothing made twice while they can hear."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from hotfolder.jobs import claim_of
from hotfolder.recipes.settings import Settings, Together
from hotfolder.shares import LAPSE, MOST_CLAIMS, Word, first
from hotfolder.snapshot import Snapshot
from tests.company import LOOK, World
from tests.test_plan import OWNER, file, request, seed

DRAFTS, PICKS = 60, 4
WANTED = DRAFTS + 3 * PICKS


def world(chance: int, drafts: int = DRAFTS, picks: int = PICKS) -> World:
    """A studio that asks for drafts and refinements, and nobody who makes them yet."""
    files = [file("a", request("a", drafts // 2)), file("b", request("b", drafts - drafts // 2))]
    snapshot = Snapshot(prompt_files=files, seeds=[seed(n) for n in range(picks)])
    return World(snapshot, OWNER, random.Random(chance))


def is_done(world: World, wanted: int = WANTED) -> bool:
    """Whether all is made."""
    return len(world.made) == wanted


@pytest.mark.parametrize("chance", range(12))
def test_each_picture_is_made_once(chance: int) -> None:
    """Two or three machines of any speed, over a sync of up to two looks: none is begun twice."""
    at = world(chance)
    at.delay = at.chance.choice([1, 4, 12, 19])
    for name in "abc"[: 2 + chance % 2]:
        at.add(name, pace=at.chance.choice([2, 5, 9, 25]))
    at.run(lambda: is_done(at))
    assert at.begun == WANTED and set(at.made.values()) == {1}


def test_all_take_part() -> None:
    """A fast machine takes over what a slow one has not begun: both end at about the same time."""
    at = world(1, drafts=300, picks=0)
    fast, slow = at.add("fast", pace=5), at.add("slow", pace=25)
    at.run(lambda: is_done(at, 300))
    assert at.begun == 300
    assert abs(len(fast.log) / len(slow.log) - 5) < 1.0
    assert at.now < 1.1 * 300 / (1 / 6 + 1 / 26)  # a turn comes a little late now and then


@pytest.mark.parametrize("chance", range(10))
def test_nothing_is_lost(chance: int) -> None:
    """Machines that crash, stop, come and lose sight of one another: all is made in the end."""
    at = world(chance)
    for name in "abc":
        at.add(name, pace=at.chance.choice([2, 9]))
    while not is_done(at):
        goal = min(WANTED, len(at.made) + at.chance.randint(3, 12))
        at.run(lambda goal=goal: len(at.made) >= goal)  # type: ignore[misc]
        machine = at.chance.choice(at.machines[1:])
        match at.chance.choice(["stall", "meet", "stop", "crash", "new"]):
            case "stall":
                at.stalled.add(machine.me)
            case "meet":
                at.stalled.clear()
            case "stop" if machine.is_on:
                machine.stop()
            case "crash":
                machine.is_on = False
            case "new" if len(at.machines) < 8:
                at.add(f"later {len(at.machines)}")
    assert len(at.made) == WANTED


def test_a_stalled_machines_claims_lapse() -> None:
    """What a machine had begun when it crashed is made by the other, after so many looks."""
    at = world(3, drafts=10, picks=0)
    lost, other = at.add("lost", pace=10**6), at.add("other")
    at.run(lambda: lost.making is not None)
    lost.is_on = False
    began = at.now
    at.run(lambda: is_done(at, 10))
    assert len(other.log) == 10 and at.now - began > LAPSE * LOOK
    assert list(other.company.absent) == ["lost"]


def test_a_machine_that_left_is_not_waited_for() -> None:
    """Its share is the others' at once, and what it was making."""
    at = world(4, drafts=30, picks=0)
    left, _ = at.add("left"), at.add("other")
    at.run(lambda: len(at.made) > 5)
    left.stop()
    began = at.now
    at.run(lambda: is_done(at, 30))
    assert at.now - began < 30 * 8 and set(at.made.values()) == {1}


def test_one_of_two_gives_way() -> None:
    """Two that found out too late that they make the same: one ends it, the same in every order."""
    at = world(5, drafts=1, picks=0)
    pair = [at.add("a", pace=200), at.add("b", pace=200)]
    at.run(lambda: any(one.making for one in pair))
    at.stalled = {"a", "b"}
    at.run(lambda: all(one.making for one in pair))
    claim = claim_of(pair[0].making[0])  # type: ignore[index]
    at.stalled = set()
    at.run(lambda: is_done(at, 1))
    assert [one.me for one in pair if one.log] == [first(["a", "b"], claim)]


def test_shares_of_the_work() -> None:
    """One that takes drafts only makes no refinement, and the other way round."""
    at = world(6)
    drafts, finals = at.add("d", "drafts"), at.add("f", "refinements")
    at.run(lambda: is_done(at))
    assert {entry.stage for entry in drafts.log} == {"draft"}
    assert {entry.stage for entry in finals.log} == {"final"} and at.begun == WANTED


def test_profiles() -> None:
    """A machine makes pictures of its profiles alone."""
    at = world(7)
    at.add("any")
    at.add("other").together = Together(work="all", profiles=["large"])
    at.run(lambda: is_done(at))
    assert not at.machines[1].log


def test_endless_drafts_never_meet() -> None:
    """Machines that cannot hear of each other at all draw different drafts of an endless prompt."""
    at = World(
        Snapshot(prompt_files=[file("e", request("e", "endless"))]),
        replace(OWNER, settings=Settings(profile="small", pause_endless_at=10_000)),
        random.Random(8),
    )
    at.add("a"), at.add("b")
    at.run(lambda: all(machine.log for machine in at.machines))
    at.stalled = {"a"}
    at.run(lambda: len(at.made) > 200, 5000)
    assert set(at.made.values()) == {1}


def test_idle_machines_write_nothing() -> None:
    """When all is made no machine says anything more, however long it looks."""
    at = world(9)
    at.add("a"), at.add("b"), at.add("c")
    at.run(lambda: is_done(at))
    at.run(lambda at=at, end=at.now + 40 * LOOK: at.now > end)  # type: ignore[misc]
    said = [machine.company._said for machine in at.machines]
    at.run(lambda at=at, end=at.now + 40 * LOOK: at.now > end)  # type: ignore[misc]
    assert [machine.company._said for machine in at.machines] == said


def test_a_forged_word_costs_time_and_nothing_else() -> None:
    """Whoever writes a word that claims all and answers nothing is passed over in the end."""
    at = world(10)
    honest = at.add("honest")
    claims = tuple(f"draft {n} {request('a').digest}" for n in range(MOST_CLAIMS))
    honest.words["forged"] = Word(time=2**59, asks=2**59, making=claims, asked=claims)
    at.run(lambda: is_done(at))
    assert len(honest.log) == WANTED
