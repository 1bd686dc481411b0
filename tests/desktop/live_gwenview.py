"""Gwenview: stars by the number keys."""

from __future__ import annotations

import pytest

from tests.desktop.conftest import Desk


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_rating(desk: Desk, kind: str) -> None:
    """The key 4 gives four stars, as an extended attribute."""
    (draft,) = desk.drafts(kind)
    desk.screen.start("gwenview", draft)
    window = desk.screen.window(draft.stem)
    desk.screen.place(window, 0, 0, 1000, 760)
    desk.screen.pause(3)
    desk.screen.key("4")
    assert desk.picked("Gwenview, number keys", draft)
