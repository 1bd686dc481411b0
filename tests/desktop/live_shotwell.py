"""Shotwell: a rating by the number keys, with the writing of metadata switched on."""

from __future__ import annotations

from tests.desktop.conftest import Desk

SETTINGS = "org.yorba.shotwell.preferences"


def test_a_rating(desk: Desk) -> None:
    """All pictures of the folder are selected and given four stars; it reads no WebP."""
    drafts = desk.drafts("png", "jpg")
    for schema, key, value in (
        ("files", "commit-metadata", "true"),
        ("files", "auto-import", "true"),
        ("files", "import-dir", str(desk.studio.drafts)),
        ("ui", "show-welcome-dialog", "false"),
    ):
        desk.screen.run("gsettings", "set", f"{SETTINGS}.{schema}", key, value)
    desk.screen.start("shotwell", "-d", desk.studio.root.with_name("shotwell"))
    window = desk.screen.window("^Shotwell$")
    desk.screen.place(window, 0, 0, 1000, 760)
    desk.screen.pause(12)
    desk.screen.click_in(window, 700, 500)
    desk.screen.key("ctrl+a", "4")
    desk.shot()
    assert desk.picked("Shotwell, number keys", *drafts)
