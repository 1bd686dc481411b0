"""digiKam: stars by the keyboard, once its first run was told to add information to files."""

from __future__ import annotations

from contextlib import suppress

from tests.desktop.conftest import Desk
from tests.forkserver import until

NEXT, COLLECTION, DATABASE, ADD_TO_FILES = (848, 666), (600, 505), (600, 567), (518, 408)
NO_DOWNLOAD = (879, 509)
ALBUM, EMPTY = (101, 120), (800, 760)


def test_a_rating(desk: Desk) -> None:
    """All pictures of the album are selected and given four stars."""
    drafts = desk.drafts("png", "jpg", "webp")
    screen = desk.screen
    screen.start("digikam")
    until(lambda: "digiKam" in screen.run("wmctrl", "-l"), 60)
    screen.pause(4)
    screen.click(*NEXT)
    _type(desk, COLLECTION, str(desk.studio.drafts))
    screen.click(*NEXT)
    _type(desk, DATABASE, str(screen.home))
    for _ in range(2):
        screen.click(*NEXT)
        screen.pause(2)
    screen.click(*ADD_TO_FILES)
    desk.shot()
    for _ in range(5):
        screen.click(*NEXT)
        screen.pause(2)
    with suppress(AssertionError):  # asked for only where its face engine has no models
        until(lambda: "Download required" in screen.run("wmctrl", "-l"), 40)
        screen.pause(3)
        screen.click(*NO_DOWNLOAD)
    screen.run("wmctrl", "-r", "digiKam", "-e", "0,0,0,1260,820")
    screen.pause(6)
    screen.click(*ALBUM)
    screen.pause(4)
    screen.click(*EMPTY)
    screen.key("ctrl+a", "ctrl+4")
    assert desk.picked("digiKam, keyboard", *drafts)


def _type(desk: Desk, place: tuple[int, int], text: str) -> None:
    desk.screen.pause(2)
    desk.screen.click(*place)
    desk.screen.key("ctrl+a")
    desk.screen.type(text)
    desk.screen.pause(1)
