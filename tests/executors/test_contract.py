"""What a daemon relies on, whatever executor it has."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hotfolder.executors.orders import (
    Cancel,
    Cancelled,
    Done,
    Encoded,
    Failed,
    GivenUp,
    Load,
    Report,
    Resume,
    Stepped,
    Unload,
)
from hotfolder.recipes.record import Record
from hotfolder.taste.rule import Rule, Weights
from tests.executors.conftest import DRAFT, FINAL, MODELS, SOURCE, Ear, ended, stepped

LONG = msgspec.structs.replace(DRAFT, steps=1000)


def done(report: Report) -> Done:
    assert isinstance(report, Done), report
    return report


def steps_of(number: int, reports: list[Report]) -> list[int]:
    return [r.step for r in reports if isinstance(r, Stepped) and r.task == number]


def test_a_picture_and_its_facts(ear: Ear) -> None:
    """Pixels of the recipe's size, each step told in turn, and facts that fill a record."""
    number = ear.begin(DRAFT)
    reports = ear.heard(ended(number))
    made = done(reports[-1])
    assert (made.picture.width, made.picture.height) == (64, 48)
    assert len(made.picture.rgb) == 3 * 64 * 48
    assert steps_of(number, reports) == list(range(1, 13))
    assert Record(stage="draft", pixels="0" * 64, **made.facts).steps_run == 12


def test_a_picture_that_is_only_shown_to_the_model(ear: Ear) -> None:
    """The model's numbers have the kinds that a draft's have, and no picture comes of it."""
    shown = ear.outcome(ear.show(DRAFT))
    assert isinstance(shown, Encoded), shown
    made = done(ear.outcome(ear.begin(DRAFT)))
    # Those of pixels are measured of every picture, whether it is shown to a model or not.
    assert set(shown.features) == {kind for kind in made.features if not kind.startswith("pixels.")}


def test_a_picture_that_is_given_up_by_a_rule(ear: Ear) -> None:
    """After a quarter of its steps, if its numbers say so; else it is as without a rule."""
    made = done(ear.outcome(ear.begin(DRAFT)))
    seen = {kind: d for kind, d in made.features.items() if not kind.startswith("pixels.")}
    assert seen and len(seen) < len(made.features)  # of a picture that is done more is measured
    usual = {kind: (0.0,) * len(data) for kind, data in seen.items()}
    kinds = {kind: Weights(zeros, zeros) for kind, zeros in usual.items()}
    number = ear.begin_by(Rule(100, -5.0, 0.0, {}, kinds), DRAFT)
    given_up = ear.outcome(number)
    assert isinstance(given_up, GivenUp), given_up
    assert (given_up.step, given_up.steps) == (3, 12) and given_up.score < 0.01
    assert given_up.features == seen
    kept = done(ear.outcome(ear.begin_by(Rule(100, -5.0, -9.0, {}, kinds), DRAFT)))
    assert (kept.picture, kept.chance) == (made.picture, 1.0)


def test_the_same_bits_every_time(ear: Ear) -> None:
    """A task that is given twice, with other work in between, gives the same pixels."""
    first = done(ear.outcome(ear.begin(FINAL))).picture
    ear.outcome(ear.begin(DRAFT))
    assert done(ear.outcome(ear.begin(FINAL))).picture == first
    assert first != SOURCE


def test_a_refinement_interrupts_a_draft(ear: Ear) -> None:
    """It begins at the next step; neither picture is another than alone."""
    alone = [done(ear.outcome(ear.begin(recipe))).picture for recipe in (DRAFT, FINAL)]
    draft = ear.begin(DRAFT)
    ear.heard(stepped(draft))
    final = ear.begin(FINAL)
    reports = ear.heard(ended(final))
    assert done(reports[-1]).picture == alone[1]
    assert not any(map(ended(draft), reports)), "the draft was not done yet"
    ear.give(Resume())
    assert done(ear.outcome(draft)).picture == alone[0]


def test_a_draft_stays_paused_until_it_may_go_on(ear: Ear) -> None:
    """Between two refinements, however long that takes, it does not take a step."""
    draft = ear.begin(DRAFT)
    ear.heard(stepped(draft))
    ear.heard(ended(ear.begin(FINAL)))
    second = ear.begin(FINAL)
    assert not steps_of(draft, ear.heard(ended(second)))
    ear.give(Resume())
    done(ear.outcome(draft))


def test_a_refinement_that_comes_too_late_is_made_all_the_same(ear: Ear) -> None:
    """A draft may end while the order is on its way."""
    draft = ear.begin(msgspec.structs.replace(DRAFT, steps=1))
    final = ear.begin(FINAL)
    reports = ear.heard(ended(final))
    assert steps_of(final, reports), "it was rendered"
    assert isinstance(reports[-1], Done)
    if not any(map(ended(draft), reports)):
        ear.give(Resume())
        done(ear.outcome(draft))


def test_drafts_of_one_task(ear: Ear) -> None:
    """One report for each: they are drawn together, and one whose prompt is longer by itself."""
    long = ", ".join(["a castle by the sea"] * 20)
    recipes = [msgspec.structs.replace(DRAFT, seed=seed) for seed in (1, 2)]
    numbers = ear.begin_all([recipes[0], msgspec.structs.replace(DRAFT, prompt=long), recipes[1]])
    reports = ear.heard(ended(numbers[1]))
    made = {r.attempt: done(r) for r in reports if not isinstance(r, Stepped)}
    assert list(made) == [numbers[0], numbers[2], numbers[1]]
    places = [made[number].facts["memory_plan"].partition(", ")[2] for number in numbers]
    assert places == ["place 1 of 2", "", "place 2 of 2"]
    assert len({one.picture.rgb for one in made.values()}) == 3
    assert steps_of(numbers[0], reports) == 2 * list(range(1, 13)), "told by the task's number"


def test_a_cancelled_task_of_several(ear: Ear, tmp_path: Path) -> None:
    """All that is not done ends with it, and goes on from its state when it is begun again."""
    recipes = [msgspec.structs.replace(DRAFT, seed=seed) for seed in (1, 2, 3)]
    whole = [done(ear.outcome(n)).picture for n in ear.begin_all(recipes)]
    numbers = ear.begin_all(recipes, states=str(tmp_path))
    ear.heard(stepped(numbers[0]))
    ear.give(Cancel(numbers[0]))
    assert all(isinstance(ear.outcome(number), Cancelled) for number in numbers)
    assert [path.stem for path in tmp_path.iterdir()] == [recipes[0].id] * ear.keeps_states
    numbers = ear.begin_all(recipes, states=str(tmp_path))
    first = ear.heard(ended(numbers[0]))
    assert (steps_of(numbers[0], first)[0] > 1) == ear.keeps_states
    assert [done(first[-1]).picture, *(done(ear.outcome(n)).picture for n in numbers[1:])] == whole


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_cancelled_task(ear: Ear, when: str) -> None:
    """It ends at its next step, or before it has begun; the slot goes on to the next."""
    first = ear.begin(LONG)
    if when == "during":
        ear.heard(stepped(first))
    ear.give(Cancel(first))
    reports = ear.heard(ended(first))
    assert isinstance(reports[-1], Cancelled)
    assert len(steps_of(first, reports)) < 1000
    done(ear.outcome(ear.begin(DRAFT)))


def test_a_refinement_is_cancelled_alone(ear: Ear) -> None:
    """What it interrupted goes on."""
    draft = ear.begin(DRAFT)
    ear.heard(stepped(draft))
    final = ear.begin(msgspec.structs.replace(FINAL, steps=1000))
    ear.heard(stepped(final))
    ear.give(Cancel(final))
    assert isinstance(ear.outcome(final), Cancelled)
    ear.give(Resume())
    done(ear.outcome(draft))


def test_an_interrupted_draft_is_cancelled_alone(ear: Ear) -> None:
    """The refinement that interrupts it is made first; then the draft need not be told to go on."""
    draft = ear.begin(LONG)
    ear.heard(stepped(draft))
    final = ear.begin(FINAL)
    ear.heard(stepped(final))
    ear.give(Cancel(draft))
    done(ear.outcome(final))
    assert isinstance(ear.outcome(draft), Cancelled)


def test_a_picture_that_cannot_be_made(ear: Ear) -> None:
    """A sentence for its owner; what it interrupted goes on."""
    draft = ear.begin(DRAFT)
    ear.heard(stepped(draft))
    failed = ear.outcome(ear.begin(msgspec.structs.replace(DRAFT, model="postcrad")))
    assert isinstance(failed, Failed)
    assert failed.expected
    assert "did you mean 'postcard'" in failed.says
    ear.give(Resume())
    done(ear.outcome(draft))


def test_models_come_and_go(ear: Ear) -> None:
    """Loading ahead, of a missing model too, and unloading change nothing but the time it takes."""
    before = done(ear.outcome(ear.begin(DRAFT))).picture
    ear.give(Unload())
    ear.give(Load("missing", MODELS))
    ear.give(Load("postcard", MODELS))
    assert done(ear.outcome(ear.begin(DRAFT))).picture == before
    ear.give(Unload())
    assert done(ear.outcome(ear.begin(DRAFT))).picture == before


def test_slots_work_at_the_same_time(ear: Ear) -> None:
    """A long task on one slot holds up no other; for executors that have several."""
    if len(ear.slots) == 1:
        return
    long = ear.begin(LONG, slot=0)
    ear.heard(stepped(long))
    reports = ear.heard(ended(ear.begin(DRAFT, slot=1)))
    assert not any(map(ended(long), reports))
    ear.give(Cancel(long), slot=0)
    assert isinstance(ear.outcome(long), Cancelled)
