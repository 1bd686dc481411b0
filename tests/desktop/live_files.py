"""File managers: drafts that are dragged, cut, copied and selected together."""

from __future__ import annotations

from tests.desktop.conftest import Desk

LEFT, RIGHT = (0, 0, 620, 800), (640, 0, 620, 800)


def test_thunar_drag(desk: Desk) -> None:
    """A draft is dragged onto the folder `seeds` in another window."""
    drafts = desk.drafts("png", "jpg")
    two_windows(desk, ["thunar", desk.studio.seeds], ["thunar", desk.studio.drafts])
    desk.screen.drag((862, 166), (400, 500))
    assert desk.picked("Thunar, dragged with the mouse", drafts[0])
    assert not drafts[0].exists()
    assert drafts[1].exists()


def test_thunar_cut_and_paste(desk: Desk) -> None:
    """All drafts are selected, cut here and pasted there."""
    drafts = desk.drafts("png", "jpg", "webp")
    seeds, _ = two_windows(desk, ["thunar", desk.studio.seeds], ["thunar", desk.studio.drafts])
    desk.screen.click(1040, 600)
    desk.screen.key("ctrl+a", "ctrl+x")
    desk.screen.run("xdotool", "windowactivate", "--sync", seeds)
    desk.screen.click(400, 600)
    desk.screen.key("ctrl+v")
    assert desk.picked("Thunar, several cut and pasted", *drafts)
    assert not any(draft.exists() for draft in drafts)


def test_pcmanfm_drag_several(desk: Desk) -> None:
    """Drafts that are selected together are dragged together."""
    drafts = desk.drafts("png", "jpg", "webp")
    two_windows(desk, ["pcmanfm", "-n", desk.studio.seeds], ["pcmanfm", "-n", desk.studio.drafts])
    desk.screen.click(1040, 600)
    desk.screen.key("ctrl+a")
    desk.screen.drag((849, 146), (400, 500))
    assert desk.picked("PCManFM, several dragged with the mouse", *drafts)
    assert not any(draft.exists() for draft in drafts)


def test_pcmanfm_copy_and_paste(desk: Desk) -> None:
    """A draft is copied: both files stay, and are one picture."""
    (draft,) = desk.drafts("png")
    seeds, _ = two_windows(
        desk, ["pcmanfm", "-n", desk.studio.seeds], ["pcmanfm", "-n", desk.studio.drafts]
    )
    desk.screen.click(1040, 600)
    desk.screen.key("ctrl+a", "ctrl+c")
    desk.screen.run("xdotool", "windowactivate", "--sync", seeds)
    desk.screen.click(400, 600)
    desk.screen.key("ctrl+v")
    assert desk.picked("PCManFM, copied and pasted", draft)
    assert draft.exists()


def two_windows(desk: Desk, left: list[object], right: list[object]) -> tuple[str, str]:
    """`seeds` on the left, `drafts` on the right."""
    desk.screen.start(*map(str, left))
    seeds = desk.screen.window("^seeds")
    desk.screen.place(seeds, *LEFT)
    desk.screen.start(*map(str, right))
    drafts = desk.screen.window("^drafts")
    desk.screen.place(drafts, *RIGHT)
    desk.screen.pause(3)
    desk.shot()
    return seeds, drafts
