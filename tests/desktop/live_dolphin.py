"""Dolphin: a rating in its information panel."""

from __future__ import annotations

from tests.desktop.conftest import Desk


def test_a_rating(desk: Desk) -> None:
    """F11 opens the panel; the fourth star is clicked."""
    (draft,) = desk.drafts("png")
    desk.screen.start("dolphin", desk.studio.drafts)
    window = desk.screen.window("drafts")
    desk.screen.place(window, 0, 0, 1200, 800)
    desk.screen.key("F11")
    desk.screen.pause(3)
    desk.screen.click(700, 600)
    desk.screen.key("ctrl+a")
    desk.screen.pause(3)
    desk.shot()
    desk.screen.click(1164, 404)
    assert desk.picked("Dolphin, information panel", draft)
