"""gThumb: a rating in its comment window."""

from __future__ import annotations

import pytest

from tests.desktop.conftest import Desk


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_rating(desk: Desk, kind: str) -> None:
    """C opens the comment window; five stars there, and Save."""
    (draft,) = desk.drafts(kind)
    desk.screen.start("gthumb", draft)
    window = desk.screen.window(draft.stem)
    desk.screen.place(window, 0, 0, 1000, 800)
    desk.screen.key("c")
    comment = desk.screen.window("^Comment$")
    desk.screen.place(comment, 200, 100, 584, 586)
    desk.screen.click_in(comment, 203, 479, times=5)
    desk.shot()
    desk.screen.click_in(comment, 445, 559)
    assert desk.picked("gThumb, comment window", draft)
