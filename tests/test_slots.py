"""Which pictures are on which slot: drafts together, a refinement above them, and rests."""

from __future__ import annotations

import dataclasses

import pytest

from hotfolder.executors.orders import Joined, Memory
from hotfolder.jobs import RenderDraft, RenderFinal
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.settings import Settings
from hotfolder.slots import Attempt, Slots

RECIPE = Recipe(
    prompt="a castle",
    seed=7,
    width=64,
    height=64,
    multiple=8,
    model="m",
    scheduler="Euler",
    steps=2,
    guidance_scale=1.0,
)
DRAFT = RenderDraft("inbox/a.txt", Prompt(text="a"), "d", 0, RECIPE, "", "p", False, (), "")
FINAL = RenderFinal("seeds/a.png", "f", 0, RECIPE, "p", None, "")


@pytest.fixture
def slots() -> Slots:
    """Two slots."""
    opened = Slots()
    opened.open(2)
    return opened


def attempts(first: int, *jobs: RenderDraft | RenderFinal) -> list[Attempt]:
    """A task for these jobs, with numbers from `first` on."""
    return [Attempt(first + n, first, job, None, Settings()) for n, job in enumerate(jobs)]


def test_drafts_go_to_free_slots_and_refinements_above_drafts(slots: Slots) -> None:
    """Nothing interrupts a refinement."""
    slots.put(0, attempts(0, DRAFT, DRAFT))
    assert slots.free_for(DRAFT, 0) == slots.free_for(FINAL, 0) == 1
    slots.put(1, attempts(2, FINAL))
    assert slots.free_for(DRAFT, 0) is None
    assert slots.free_for(FINAL, 0) == 0
    slots.put(0, attempts(3, FINAL))
    assert slots.free_for(FINAL, 0) is None
    assert len(list(slots)) == 4


def test_what_was_interrupted_is_resumed_once(slots: Slots) -> None:
    """When the refinement has ended; not where the drafts ended first."""
    slots.put(0, attempts(0, DRAFT, DRAFT))
    slots.put(0, attempts(2, FINAL))
    assert slots.resumed() == ()
    assert slots.take(2)[::2] == (0, True)
    assert (slots.resumed(), slots.resumed()) == ((0,), ())
    slots.put(0, attempts(3, FINAL))
    assert [slots.take(number)[2] for number in (0, 1, 3)] == [False, True, True]
    assert slots.resumed() == ()
    with pytest.raises(KeyError):
        slots.take(3)


def test_a_task_is_cancelled_once(slots: Slots) -> None:
    """However many of its pictures are unwanted, and however often that is asked."""
    other = dataclasses.replace(DRAFT, path="inbox/b.txt")
    slots.put(0, attempts(0, DRAFT, DRAFT))
    slots.put(1, attempts(2, other))
    assert list(slots.cancelled(lambda job: job.path == DRAFT.path)) == [(0, 0)]
    assert list(slots.cancelled(lambda job: True)) == [(1, 2)]


def test_a_slot_that_fails_rests(slots: Slots) -> None:
    """Longer each time, until it has made a picture; the other one goes on."""
    assert slots.rest(0, "no answer", 0)
    assert not slots.rest(0, "no answer", 10)
    assert slots.free_for(DRAFT, 11) == 1
    assert dict(slots.troubles()) == {"renderer 1": "no answer"}
    assert not slots.have_failed
    for _ in range(3):
        slots.rest(0, "no answer", 20)
        slots.rest(1, "no answer", 20)
    assert slots.have_failed
    assert slots.free_for(FINAL, 20) is None
    assert min(slots.back_at()) > 20
    assert slots.sound(0)
    assert not slots.sound(0)
    assert slots.free_for(DRAFT, 21) == 0


def test_slots_come_and_go(slots: Slots) -> None:
    """What goes takes its attempts along; numbers stay those of the others."""
    slots.join(Joined(7, "box", "cuda GPU"))
    slots.put(7, attempts(0, DRAFT))
    slots.put(1, attempts(1, DRAFT))
    assert slots.numbers == (0, 1, 7)
    assert [attempt.number for attempt in slots.leave(7)] == [0]
    assert slots.leave(7) == []
    assert slots.take(1)[0] == 1
    assert slots.numbers == (0, 1)


def test_refinements_go_where_they_fit() -> None:
    """Also above a draft; anywhere, if they fit nowhere."""
    slots = Slots()
    for number, gib in enumerate((6, 24)):
        slots.join(Joined(number, "box", "cuda", Memory(gib << 30, 0, False, "float16")))

    def fits(slot: Joined) -> bool:
        return slot.memory is not None and slot.memory.device_bytes > 10 << 30

    assert slots.free_for(FINAL, 0, fits) == 1
    slots.put(1, attempts(0, DRAFT))
    assert slots.free_for(FINAL, 0, fits) == 1
    assert slots.free_for(FINAL, 0, lambda slot: False) == 0


def test_what_is_told_of_a_slot(slots: Slots) -> None:
    """Its computer and device when it has joined, its device and speed when it has painted."""
    assert slots.staff == {"renderer 1": "", "renderer 2": ""}
    slots.made(0, RECIPE, 2.0, "cpu A")
    slots.join(Joined(2, "box", "cuda B"))
    assert slots.staff["renderer 1"] == "cpu A, 2 s a draft"
    assert slots.staff["renderer 3"] == "box, cuda B"
