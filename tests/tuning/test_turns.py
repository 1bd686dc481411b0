"""Whose turn it is: pictures first, and what is learned from them when nobody draws."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hotfolder.studio.store import turns
from tests.forkserver import until

NOTHING: Callable[[], None] = lambda: None  # noqa: E731


class Weights:
    """Says whether they are on the device."""

    def __init__(self) -> None:
        self.here = True

    def leave(self) -> None:
        """They go."""
        self.here = False

    def come(self) -> None:
        """They come back."""
        self.here = True


def test_a_picture_begins_between_two_steps_and_weights_leave_for_it() -> None:
    """It waits for the step that goes on, no longer; the training goes on when it is drawn."""
    learner, weights, drawing, drawn = turns.Learner(0.0), Weights(), threading.Event(), []
    learner.attend(weights, NOTHING)
    assert weights.here

    def draw() -> None:
        with turns.drawing("final", NOTHING):
            drawn.append(weights.here)
            drawing.wait(60)

    thread = threading.Thread(target=draw)
    thread.start()
    until(lambda: turns.wishes() == {"final"}, 30)
    assert drawn == []  # a step goes on

    def while_it_waits() -> None:
        until(lambda: bool(drawn), 30)
        assert not weights.here
        drawing.set()

    learner.attend(weights, while_it_waits)
    thread.join(30)
    assert drawn == [False]
    assert weights.here
    assert turns.wishes() == set()
    learner.close()


def test_nobody_waits_for_a_training_that_has_ended() -> None:
    """Nor does anything lie about afterwards."""
    learner = turns.Learner(0.0)
    learner.attend(None, NOTHING)
    learner.close()
    with turns.drawing("draft", NOTHING), turns.drawing("final", NOTHING):
        assert turns.wishes() == {"draws"}
    assert turns.wishes() == set()
    assert [path.name for path in turns.folder().iterdir()] in ([], ["learning.lock"])


def test_a_training_has_its_share_while_drafts_are_drawn() -> None:
    """Time that drafts take goes to its credit, and then the next draft waits; a final never."""
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += 10.0

    learner = turns.Learner(0.25, clock=lambda: now[0], pause=pause)
    learner.attend(None, NOTHING)
    began, end, second = threading.Event(), threading.Event(), threading.Event()

    def draw() -> None:
        with turns.drawing("draft", NOTHING):
            began.set()
            end.wait(60)
        with turns.drawing("draft", NOTHING):
            second.set()

    thread = threading.Thread(target=draw)
    thread.start()
    until(lambda: turns.wishes() == {"draft"}, 30)

    def while_it_waits() -> None:
        until(began.is_set, 30)
        if now[0] >= 30.0:
            end.set()
            until(lambda: turns.wishes() == {"draft"} or not turns.wishes(), 30)

    learner.attend(None, while_it_waits)  # the draft draws for 30 s: 10 s of credit
    until(lambda: turns.wishes() == {"draft"}, 30)
    learner.attend(None, NOTHING)  # it is still its turn
    assert not second.is_set()
    now[0] += 1000.0
    learner.attend(None, lambda: until(second.is_set, 30))
    thread.join(30)
    assert second.is_set()
    learner.close()
